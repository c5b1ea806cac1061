/* For tests: archives made with libarchive, with entries that no honest one has. */
#ifndef PD_TEST_UNIT_ARCHIVE_MAKER_H
#define PD_TEST_UNIT_ARCHIVE_MAKER_H

#include "scratch.h"

#include <archive.h>
#include <archive_entry.h>

struct entry {
    const char *name, *content; /* no content: a folder */
    const char *symlink, *hardlink;
};

static inline void archive_add(struct archive *a, const struct entry *e)
{
    struct archive_entry *entry = archive_entry_new();
    const size_t size = e->content ? strlen(e->content) : 0;
    archive_entry_set_pathname(entry, e->name);
    archive_entry_set_filetype(entry, e->symlink ? AE_IFLNK : e->content ? AE_IFREG : AE_IFDIR);
    archive_entry_set_perm(entry,
                           e->content ? 0400 : 0500); /* as if its owner wanted nothing to be written */
    archive_entry_set_size(entry, (la_int64_t)size);
    if (e->symlink)
        archive_entry_set_symlink(entry, e->symlink);
    if (e->hardlink)
        archive_entry_set_hardlink(entry, e->hardlink);
    assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
    if (size)
        assert_int_equal(archive_write_data(a, e->content, size), (la_ssize_t)size);
    archive_entry_free(entry);
}

/* entries: (count). A name that ends in .zip gives a zip, all else a tar.gz. */
static inline void archive_make(const char *path, const struct entry *entries, size_t count)
{
    struct archive *a = archive_write_new();
    if (strstr(path, ".zip")) {
        archive_write_set_format_zip(a);
    } else {
        archive_write_add_filter_gzip(a);
        archive_write_set_format_pax_restricted(a);
    }
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++)
        archive_add(a, &entries[i]);
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

#endif
