/* The names of a run's classes, in the order of their labels: what the same classes are called elsewhere has
 * another order where a folder was added or renamed. */
#ifndef PD_DATA_LABELS_CLASS_NAMES_H
#define PD_DATA_LABELS_CLASS_NAMES_H

#include "data/dataset.h"

#include <jansson.h>

struct pd_class_names {
    int count;
    char (*at)[PD_CLASS_NAME_SIZE]; /* (count), owned; NULL: the numbers serve */
};

/* PD_ERR_MEMORY */
enum pd_status pd_class_names_copy(const struct pd_dataset *dataset, struct pd_class_names *out,
                                   struct pd_error *err);
void pd_class_names_release(struct pd_class_names *names); /* also zeroed ones */

/* An array of the names, to be released; NULL: out of memory, or the numbers serve. */
json_t *pd_class_names_json(const struct pd_class_names *names);

/* The other way. array NULL or null: the numbers serve. PD_ERR_FORMAT: not `count` different names; name: of
 * the file. PD_ERR_MEMORY. */
enum pd_status pd_class_names_take(const json_t *array, int count, const char *name,
                                   struct pd_class_names *out, struct pd_error *err);

/* The names as code points (count, *width), zeros behind them, to be freed. PD_ERR_MEMORY. */
enum pd_status pd_class_names_points(const struct pd_class_names *names, uint32_t **points, int64_t *width,
                                     struct pd_error *err);

/* The other way. As pd_class_names_take. */
enum pd_status pd_class_names_of_points(const uint32_t *points, int count, int64_t width, const char *name,
                                        struct pd_class_names *out, struct pd_error *err);

/* To find many of them by name. names are borrowed. PD_ERR_MEMORY. */
struct pd_class_finder {
    const struct pd_class_names *names;
    const char **sorted; /* (count) */
};
enum pd_status pd_class_finder_init(struct pd_class_finder *finder, const struct pd_class_names *names,
                                    struct pd_error *err);
void pd_class_finder_release(struct pd_class_finder *finder); /* also a zeroed one */

/* -1: none is called so. */
int pd_class_named(const struct pd_class_finder *finder, const char *name);

/* map (dataset's classes), to be freed: which of the names each class of the data set has; -1: none of them.
 * By number where either has no names. PD_ERR_MEMORY. */
enum pd_status pd_class_names_map(const struct pd_class_names *names, const struct pd_dataset *dataset,
                                  int **map, struct pd_error *err);

/* Makes the data set's classes these: labels are mapped by name, with a note where that changes them.
 * Where the data set has none, or none with names, the names are taken. by_number: as they stand, whatever
 * they are called. Where the names of both, or of the only one that has any, are whole numbers, these are
 * matched, however they are written and by_number or not: the label 2 or the class "02" is the class "2",
 * wherever that stands; by_number then is for those that do not all fit. PD_ERR_MISMATCH names the classes of
 * images that are not among them, and says where the numbers of classes differ and names cannot help.
 * PD_ERR_MEMORY. */
enum pd_status pd_class_names_adopt(const struct pd_class_names *names, bool by_number,
                                    struct pd_dataset *dataset, struct pd_error *err);

/* PD_ERR_MISMATCH where both have names and these, or their order, differ; path: of the file that has the
 * first. */
enum pd_status pd_class_names_compare(const struct pd_class_names *names, const struct pd_class_names *data,
                                      const char *path, struct pd_error *err);

#endif
