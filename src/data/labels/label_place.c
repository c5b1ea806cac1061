#include "data/labels/label_place.h"

#include "data/images/image.h"
#include "data/images/image_layout.h"
#include "io/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

/* The first, where none has been found, and the second. */
static void find_usual(const char *folder, const char *below, char *path, char *second, size_t size)
{
    static const char *const usual[] = {"metadata.csv", "metadata.jsonl"};
    for (int i = 0; i < 2; i++) {
        char *to = *path ? second : path;
        const int n = *to ? 0 : snprintf(to, size, "%s/%s%s%s", folder, below, *below ? "/" : "", usual[i]);
        if (n < 0 || (size_t)n >= size || (n && !pd_is_file(to)))
            *to = '\0';
    }
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
    return find_folder(folder, pd_image_is_test, name) || find_folder(folder, pd_image_is_evaluation, name) ||
           find_folder(folder, pd_image_is_validation, name);
}

static bool find_in(const char *folder, enum pd_split split, char *path, char *second, size_t size,
                    bool *shared)
{
    char name[NAME_MAX + 1];
    find_usual(folder, "", path, second, size);
    *shared = *path;
    if (find_split(folder, split, name))
        find_usual(folder, name, path, second, size);
    return *path;
}

/* A folder with nothing but one folder in it, and perhaps words, is an archive's own. */
static bool only_folder(const char *folder, char inside[PATH_SIZE])
{
    char path[PATH_SIZE];
    DIR *dir = opendir(folder);
    const struct dirent *e;
    int count = 0;
    while (dir && (e = readdir(dir))) {
        const bool fits = e->d_name[0] != '.' && strcmp(e->d_name, "__MACOSX") != 0 &&
                          !pd_path_join(path, sizeof path, folder, e->d_name, NULL);
        count += 2 * pd_image_is_ending(e->d_name);
        if (fits && pd_is_folder(path) && !count++)
            memcpy(inside, path, sizeof path);
    }
    if (dir)
        closedir(dir);
    return count == 1;
}

bool pd_label_table_find(const char *folder, const struct pd_data_request *request, char *path, char *second,
                         size_t size)
{
    char inside[PATH_SIZE];
    bool shared = request->metadata && *request->metadata;
    *path = *second = '\0';
    if (shared)
        snprintf(path, size, "%s", request->metadata);
    else if (!find_in(folder, request->split, path, second, size, &shared) && only_folder(folder, inside))
        find_in(inside, request->split, path, second, size, &shared);
    return shared;
}
