# embed(DIR TABLE PATTERN STRUCT): writes the files of DIR that PATTERN names down as C arrays, behind what the file OUT has: a table
# pd_TABLE_files of a struct STRUCT {name, text, size}, and pd_TABLE_file_count. An ending .json is no part of a name.
function(embed dir table pattern struct)
  file(GLOB names RELATIVE ${dir} ${dir}/${pattern})
  list(TRANSFORM names REPLACE "[.]json$" "")
  list(SORT names COMPARE NATURAL) # 5pct before 10pct
  set(count 0)
  set(arrays "")
  set(lines "")
  foreach(name ${names})
    set(file ${dir}/${name})
    if(NOT EXISTS ${file})
      string(APPEND file .json)
    endif()
    file(READ ${file} bytes HEX)
    string(LENGTH ${bytes} digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "(..)" "0x\\1," bytes ${bytes})
    string(APPEND arrays "static const unsigned char ${table}_${count}[] = {${bytes}};\n")
    string(APPEND lines "    {\"${name}\", ${table}_${count}, ${size}},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  file(APPEND ${OUT} "\n${arrays}
const struct ${struct} pd_${table}_files[] = {\n${lines}};
const size_t pd_${table}_file_count = ${count};\n")
endfunction()
