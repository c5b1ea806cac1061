/* A folder of its own for a test program, and small helpers around files. */
#ifndef PD_TEST_SCRATCH_H
#define PD_TEST_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <paydirt/error.h>

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static char scratch_dir[64];

static inline int scratch_setup(void **state)
{
    (void)state;
    snprintf(scratch_dir, sizeof scratch_dir, "/tmp/paydirt-test-XXXXXX");
    return mkdtemp(scratch_dir) ? 0 : -1;
}

static inline int scratch_remove(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

static inline int scratch_teardown(void **state)
{
    (void)state;
    return nftw(scratch_dir, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Valid until the fourth call after this one. */
static inline const char *scratch_path(const char *name)
{
    static char paths[4][512];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", scratch_dir, name);
    return path;
}

static inline void scratch_write(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* The whole file, NUL-terminated, to be freed; size may be NULL. */
static inline char *scratch_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    char *bytes = calloc(n + 1, 1);
    assert_int_equal(fread(bytes, 1, n, f), n);
    fclose(f);
    if (size)
        *size = n;
    return bytes;
}

static inline void assert_file(const char *path, const char *text)
{
    char *bytes = scratch_read(path, NULL);
    assert_string_equal(bytes, text);
    free(bytes);
}

/* Files and folders directly within a folder. */
static inline int scratch_count(const char *path)
{
    int n = -2; /* . and .. */
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* A stand-in for a full disk: writes beyond `bytes` of a file fail. RLIM_INFINITY: as before. */
static inline void scratch_limit(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* What an error says, its hints behind it, each after a tab. Valid until the next call. */
static inline const char *scratch_said(const struct pd_error *err)
{
    static char text[sizeof err->message + sizeof err->hint];
    snprintf(text, sizeof text, "%s%s%s", err->message, *err->hint ? "\t" : "", err->hint);
    return text;
}

static inline void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected \"%s\" in \"%s\"", part, text);
}

#endif
