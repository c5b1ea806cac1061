/* For tests of the cache: two albums of 3,000 photographs, and ways to open them. */
#ifndef PD_TEST_UNIT_ALBUM_H
#define PD_TEST_UNIT_ALBUM_H

#include "unit/image_maker.h"

#include "base/mem.h"
#include "data/dataset.h"
#include "data/digest.h"

#include <sys/stat.h>

enum { COUNT = 3000, CLASSES = 3, COLOURS = 50, SIDE = 8 };

/* --- the folder --- */

static inline struct file picture(int colour, bool grey)
{
    static uint8_t rgb[12 * 12 * 3];
    for (int i = 0; i < 12 * 12; i++) {
        rgb[3 * i] = (uint8_t)(2 * colour + i % 12);
        rgb[3 * i + 1] = grey ? rgb[3 * i] : 7;
        rgb[3 * i + 2] = grey ? rgb[3 * i] : (uint8_t)i;
    }
    return make_png(12, 12, PNG_FORMAT_RGB, rgb, NULL, 0);
}

static const char *album = "photos"; /* or "grey" */

static inline const char *photo(int i)
{
    static char name[64];
    snprintf(name, sizeof name, "%s/%c/%04d.png", album, 'a' + i % CLASSES, i);
    return scratch_path(name);
}

static inline void write_photo(int i, int colour, bool grey)
{
    struct file f = picture(colour, grey);
    scratch_write(photo(i), f.bytes, f.size);
    free(f.bytes);
}

static inline void make_album(const char *name, bool grey)
{
    static struct file pictures[COLOURS];
    album = name;
    assert_int_equal(mkdir(scratch_path(album), 0777), 0);
    for (int k = 0; k < CLASSES; k++) {
        char folder[64];
        snprintf(folder, sizeof folder, "%s/%c", album, 'a' + k);
        assert_int_equal(mkdir(scratch_path(folder), 0777), 0);
    }
    for (int i = 0; i < COLOURS; i++)
        pictures[i] = picture(i, grey);
    for (int i = 0; i < COUNT; i++)
        scratch_write(photo(i), pictures[i % COLOURS].bytes, pictures[i % COLOURS].size);
    for (int i = 0; i < COLOURS; i++)
        free(pictures[i].bytes);
}

/* Thousands of files, made once: tests leave them as they were. */
static inline int make_albums(void **state)
{
    const int failed = scratch_setup(state);
    if (!failed) {
        make_album("grey", true);
        make_album("photos", false);
    }
    return failed;
}

static inline int remove_caches(void **state)
{
    static const char *const folders[] = {"cache", "home", "xdg"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        nftw(scratch_path(folders[i]), scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
    album = "photos";
    return 0;
}

/* --- opening --- */

static inline enum pd_status open_as(struct pd_data_request request, struct pd_dataset **d,
                                     struct pd_error *err)
{
    request.name = scratch_path(album);
    request.size = request.size ? request.size : SIDE;
    request.cache = true;
    request.cache_dir = request.cache_dir ? request.cache_dir : scratch_path("cache");
    return pd_dataset_open(&request, d, err);
}

static inline struct pd_dataset *opened_as(struct pd_data_request request)
{
    struct pd_dataset *d;
    struct pd_error err;
    if (open_as(request, &d, &err))
        fail_msg("%s", err.message);
    return d;
}

static inline struct pd_dataset *opened(void)
{
    return opened_as((struct pd_data_request){.split = PD_SPLIT_TRAIN});
}

static inline struct pd_dataset *decoded(int size)
{
    const struct pd_data_request request = {.name = scratch_path(album), .size = size ? size : SIDE};
    struct pd_dataset *d;
    assert_int_equal(pd_dataset_open(&request, &d, NULL), PD_OK);
    assert_null(d->map);
    return d;
}

static inline void assert_same_digests(const struct pd_dataset *a, const struct pd_dataset *b)
{
    struct pd_digest *x, *y;
    assert_int_equal(pd_dataset_digests(a, 2, &x, NULL), PD_OK);
    assert_int_equal(pd_dataset_digests(b, 2, &y, NULL), PD_OK);
    assert_memory_equal(x, y, a->count * sizeof *x);
    pd_free(x);
    pd_free(y);
}

/* The same data set, to the last pixel; both are closed. */
static inline void assert_same(struct pd_dataset *a, struct pd_dataset *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->classes, b->classes);
    assert_int_equal(a->channels, b->channels);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->width, b->width);
    assert_memory_equal(a->pixels, b->pixels, a->count * pd_dataset_image_size(a));
    assert_memory_equal(a->labels, b->labels, a->count * sizeof *a->labels);
    for (int k = 0; k < a->classes; k++)
        assert_string_equal(a->class_names[k], b->class_names[k]);
    for (uint32_t i = 0; i < a->count; i++)
        assert_string_equal(a->image_names[i], b->image_names[i]);
    assert_same_digests(a, b);
    pd_dataset_destroy(a);
    pd_dataset_destroy(b);
}

/* The one file in the cache folder. */
static inline const char *cache_file(void)
{
    static char path[400];
    DIR *dir = opendir(scratch_path("cache"));
    assert_non_null(dir);
    assert_int_equal(scratch_count(scratch_path("cache")), 1);
    for (struct dirent *e; (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            snprintf(path, sizeof path, "%s/cache/%s", scratch_dir, e->d_name);
    closedir(dir);
    return path;
}

static inline ino_t cache_number(void)
{
    struct stat st;
    assert_int_equal(stat(cache_file(), &st), 0);
    return st.st_ino;
}

/* Opens once more: was the file used, or made anew? What comes is right in both cases. */
static inline void reopens(bool anew)
{
    const ino_t before = cache_number();
    struct pd_dataset *d = opened();
    assert_non_null(d->map);
    assert_int_equal(cache_number() != before, anew);
    assert_same(d, decoded(0));
}

#endif
