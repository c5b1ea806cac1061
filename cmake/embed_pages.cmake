# The files of the pages as C arrays: cmake -D DIR=src/serve/page -D OUT=pages.c -P embed_pages.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
file(WRITE ${OUT} "#include \"serve/page_files.h\"\n")
embed(${DIR} page * pd_page_file)
