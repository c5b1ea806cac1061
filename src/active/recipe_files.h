/* The files of recipes/, recipes/like/ and studies/ as they were when the program was built:
 * cmake/embed_recipes.cmake writes them down. */
#ifndef PD_ACTIVE_RECIPE_FILES_H
#define PD_ACTIVE_RECIPE_FILES_H

#include <stddef.h>

struct pd_recipe_file {
    const char *name; /* of the file, without .json */
    const unsigned char *text;
    size_t size;
};

extern const struct pd_recipe_file pd_recipe_files[]; /* (count), by name */
extern const size_t pd_recipe_file_count;

extern const struct pd_recipe_file pd_like_files[]; /* (count): those of recipes/like/ */
extern const size_t pd_like_file_count;

extern const struct pd_recipe_file pd_study_files[]; /* (count): those of studies/ */
extern const size_t pd_study_file_count;

#endif
