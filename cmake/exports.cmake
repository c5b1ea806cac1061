# exports.map: what the public headers declare, which is all that the shared library shows.
# cmake -D DIR=include/paydirt -D OUT=exports.map -P exports.cmake
file(GLOB headers ${DIR}/*.h)
set(names)
foreach(header ${headers})
  file(READ ${header} text)
  string(REPLACE ";" " ;" text "${text}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}") # comments
  string(REGEX REPLACE "#define([^\n]*\\\\\n)*[^\n]*" "" text "${text}")
  string(REGEX REPLACE "static inline[^(]*\\(" "(" text "${text}")
  string(REGEX MATCHALL "[ *]pd_[a-z0-9_]+\\(" found "${text}")
  list(APPEND names ${found})
endforeach()
list(TRANSFORM names REPLACE "[ *(]" "")
list(REMOVE_DUPLICATES names)
list(SORT names)
list(JOIN names ";\n" lines)
file(WRITE ${OUT} "{\nglobal:\n${lines};\nlocal: *;\n};\n")
