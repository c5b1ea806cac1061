#include "data/labels/label_place.h"

#include "data/images/image_layout.h"
#include "io/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool find_usual(const char *folder, const char *below, char *path, size_t size)
{
    static const char *const usual[] = {"metadata.csv", "metadata.jsonl"};
    for (int i = 0; i < 2; i++) {
        const int n = snprintf(path, size, "%s/%s%s%s", folder, below, *below ? "/" : "", usual[i]);
        if (n > 0 && (size_t)n < size && pd_is_file(path))
            return true;
    }
    *path = '\0';
    return false;
}

/* The first of the folders in it that are called so. */
static bool find_folder(const char *folder, bool (*is_called)(const char *name, size_t size),
                        char name[NAME_MAX + 1])
{
    DIR *dir = opendir(folder);
    const struct dirent *e;
    *name = '\0';
    while (dir && (e = readdir(dir)))
        if (is_called(e->d_name, strlen(e->d_name)) && (!*name || strcmp(e->d_name, name) < 0))
            snprintf(name, NAME_MAX + 1, "%s", e->d_name);
    if (dir)
        closedir(dir);
    return *name;
}

/* Validation images serve for testing where there are no test images. */
static bool find_split(const char *folder, enum pd_split split, char name[NAME_MAX + 1])
{
    if (split == PD_SPLIT_TRAIN)
        return find_folder(folder, pd_image_is_training, name);
    return find_folder(folder, pd_image_is_test, name) || find_folder(folder, pd_image_is_validation, name);
}

bool pd_label_table_find(const char *folder, const struct pd_data_request *request, char *path, size_t size)
{
    char name[NAME_MAX + 1];
    const bool given = request->metadata && *request->metadata;
    if (given)
        snprintf(path, size, "%s", request->metadata);
    if (given || find_usual(folder, "", path, size))
        return true;
    if (find_split(folder, request->split, name))
        find_usual(folder, name, path, size);
    return false;
}
