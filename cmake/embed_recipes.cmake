# The files of DIR/recipes, DIR/recipes/like and DIR/studies as C arrays: cmake -D DIR=. -D OUT=recipes.c -P embed_recipes.cmake
include(${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
file(WRITE ${OUT} "#include \"active/recipe_files.h\"\n")
embed(${DIR}/recipes recipe *.json pd_recipe_file)
embed(${DIR}/recipes/like like *.json pd_recipe_file)
embed(${DIR}/studies study *.json pd_recipe_file)
