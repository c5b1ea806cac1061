# Writes the files of DIR/recipes, DIR/recipes/like and DIR/studies down as C arrays, into the file OUT: cmake -D DIR=. -D OUT=recipes.c -P embed_recipes.cmake
function(embed dir table)
  file(GLOB names RELATIVE ${dir} ${dir}/*.json)
  list(TRANSFORM names REPLACE "[.]json$" "")
  list(SORT names COMPARE NATURAL) # 5pct before 10pct
  set(count 0)
  set(arrays "")
  set(lines "")
  foreach(name ${names})
    file(READ ${dir}/${name}.json bytes HEX)
    string(LENGTH ${bytes} digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "(..)" "0x\\1," bytes ${bytes})
    string(APPEND arrays "static const unsigned char ${table}_${count}[] = {${bytes}};\n")
    string(APPEND lines "    {\"${name}\", ${table}_${count}, ${size}},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  file(APPEND ${OUT} "\n${arrays}
const struct pd_recipe_file pd_${table}_files[] = {\n${lines}};
const size_t pd_${table}_file_count = ${count};\n")
endfunction()

file(WRITE ${OUT} "#include \"active/recipe_files.h\"\n")
embed(${DIR}/recipes recipe)
embed(${DIR}/recipes/like like)
embed(${DIR}/studies study)
