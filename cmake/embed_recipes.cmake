# Writes the files DIR/*.json down as C arrays, into the file OUT: cmake -D DIR=recipes -D OUT=recipes.c -P embed_recipes.cmake
file(GLOB names RELATIVE ${DIR} ${DIR}/*.json)
list(TRANSFORM names REPLACE "[.]json$" "")
list(SORT names COMPARE NATURAL) # 5pct before 10pct
set(count 0)
set(arrays "")
set(table "")
foreach(name ${names})
  file(READ ${DIR}/${name}.json bytes HEX)
  string(LENGTH ${bytes} digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "0x\\1," bytes ${bytes})
  string(APPEND arrays "static const unsigned char recipe_${count}[] = {${bytes}};\n")
  string(APPEND table "    {\"${name}\", recipe_${count}, ${size}},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUT} "#include \"active/recipe_files.h\"\n\n${arrays}
const struct pd_recipe_file pd_recipe_files[] = {\n${table}};
const size_t pd_recipe_file_count = ${count};\n")
