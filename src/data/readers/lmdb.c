#include "data/readers/lmdb.h"

#include "base/mem.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

enum {
    MAGIC = (int)0xbeefc0de,
    VERSION = 1,
    PAGE_HEADER = 16,
    NODE_HEADER = 8,
    META_SIZE = PAGE_HEADER + 136,
    DEPTH_MAX = 32, /* as LMDB's own */
};

/* Flags of pages, and of a node whose value lies in pages of its own. */
enum { BRANCH = 1, LEAF = 2, OVERFLOW = 4, META = 8, BIG = 1 };

#define NO_PAGE UINT64_MAX

struct walk {
    const uint8_t *bytes;
    const char *name;
    struct pd_error *err;
    uint64_t page_size, pages; /* in the file */
    uint64_t seen;             /* pages that the tree has led to: no more than there are, or it is no tree */
    uint64_t entries;          /* that the tree should have */
    struct pd_lmdb *out;
    size_t room;
};

static uint16_t get16(const uint8_t *b)
{
    uint16_t v;
    memcpy(&v, b, sizeof v);
    return v;
}

static uint32_t get32(const uint8_t *b)
{
    uint32_t v;
    memcpy(&v, b, sizeof v);
    return v;
}

static uint64_t get64(const uint8_t *b)
{
    uint64_t v;
    memcpy(&v, b, sizeof v);
    return v;
}

static enum pd_status bad(const struct walk *w, uint64_t page, const char *words)
{
    return pd_fail(w->err, PD_ERR_FORMAT, (int64_t)(page * w->page_size), "'%s': damaged LMDB file: %s",
                   w->name, words);
}

/* --- the tree --- */

static enum pd_status add(struct walk *w, const uint8_t *bytes, size_t size)
{
    struct pd_lmdb *out = w->out;
    if (out->count == w->room) {
        const size_t room = w->room ? 2 * w->room : 64;
        void *more = pd_realloc(out->values, room * sizeof *out->values);
        if (!more)
            return pd_fail(w->err, PD_ERR_MEMORY, -1, "out of memory reading '%s'", w->name);
        out->values = more;
        w->room = room;
    }
    out->values[out->count++] = (struct pd_lmdb_value){bytes, size};
    return PD_OK;
}

/* The page of that number, which must be of one of the kinds; NULL with *status set. */
static const uint8_t *enter(struct walk *w, uint64_t number, uint64_t from, int kinds, enum pd_status *status)
{
    const uint8_t *page = number < w->pages ? w->bytes + number * w->page_size : NULL;
    if (!page) {
        *status = bad(w, from, "it points to a page beyond the end");
    } else if (++w->seen > w->pages) {
        *status = bad(w, from, "its pages form no tree");
        page = NULL;
    } else if (get64(page) != number || !(get16(page + 10) & kinds)) {
        *status = bad(w, number, "a page that is not what points to it");
        page = NULL;
    }
    return page;
}

/* A value of its own pages. */
static enum pd_status add_big(struct walk *w, uint64_t number, uint64_t from, size_t size)
{
    enum pd_status status = PD_OK;
    const uint8_t *page = enter(w, number, from, OVERFLOW, &status);
    if (!page)
        return status;
    const uint64_t pages = get32(page + 12);
    if (pages > w->pages - number || PAGE_HEADER + (uint64_t)size > pages * w->page_size)
        return bad(w, number, "a value that is larger than its pages");
    w->seen += pages ? pages - 1 : 0;
    return add(w, page + PAGE_HEADER, size);
}

static enum pd_status add_node(struct walk *w, const uint8_t *node, uint64_t room, uint64_t number)
{
    const uint64_t size = get32(node);
    const uint16_t flags = get16(node + 4), key = get16(node + 6);
    const uint8_t *data = node + NODE_HEADER + key;
    if (flags & ~BIG)
        return pd_fail(
            w->err, PD_ERR_UNSUPPORTED, (int64_t)(number * w->page_size),
            "'%s': LMDB file with several values under one key or with tables, expected plain values",
            w->name);
    if (NODE_HEADER + key + (flags & BIG ? 8 : size) > room)
        return bad(w, number, "a value that does not fit its page");
    return flags & BIG ? add_big(w, get64(data), number, size) : add(w, data, size);
}

/* What one entry of a page's table points to; room: from there to the page's end. */
static const uint8_t *find_node(const struct walk *w, const uint8_t *page, unsigned i, uint64_t *room)
{
    const uint64_t at = get16(page + PAGE_HEADER + 2 * (size_t)i);
    const bool within = at >= PAGE_HEADER && at + NODE_HEADER <= w->page_size;
    *room = within ? w->page_size - at : 0;
    return within ? page + at : NULL;
}

/* No deeper than LMDB goes itself. */
// NOLINTNEXTLINE(misc-no-recursion)
static enum pd_status walk_page(struct walk *w, uint64_t number, uint64_t from, int depth)
{
    enum pd_status status = PD_OK;
    const uint8_t *page = enter(w, number, from, BRANCH | LEAF, &status);
    if (!page)
        return status;
    const bool leaf = get16(page + 10) & LEAF;
    const uint64_t lower = get16(page + 12);
    if (lower < PAGE_HEADER || lower > w->page_size || depth == DEPTH_MAX)
        return bad(w, number, "a page with a wrong header, or too deep in the tree");
    for (unsigned i = 0; !status && i < (lower - PAGE_HEADER) / 2; i++) {
        uint64_t room;
        const uint8_t *node = find_node(w, page, i, &room);
        if (!node)
            status = bad(w, number, "an entry that lies beyond its page");
        else if (leaf)
            status = add_node(w, node, room, number);
        else
            status = walk_page(w, get32(node) | (uint64_t)get16(node + 4) << 32, number, depth + 1);
    }
    return status;
}

/* --- the file --- */

/* The two first pages say where the tree is; the one of the later transaction counts. */
static const uint8_t *meta_of(const uint8_t *bytes, size_t size, uint64_t at)
{
    const uint8_t *meta = bytes + at + PAGE_HEADER;
    const bool good = at + META_SIZE <= size && get16(bytes + at + 10) & META &&
                      get32(meta) == (uint32_t)MAGIC && get32(meta + 4) == VERSION;
    return good ? meta : NULL;
}

static enum pd_status start(struct walk *w, size_t size, uint64_t *root)
{
    const uint8_t *first = meta_of(w->bytes, size, 0), *second = NULL;
    w->page_size = first ? get32(first + 24) : 0;
    if (w->page_size < 512 || w->page_size > 1 << 16 || w->page_size & (w->page_size - 1))
        return pd_fail(w->err, PD_ERR_FORMAT, 0, "'%s' is no LMDB data file of version %d", w->name, VERSION);
    second = meta_of(w->bytes, size, w->page_size);
    if (!second)
        return bad(w, 1, "its second page is no head");
    const uint8_t *meta = get64(second + 128) > get64(first + 128) ? second : first, *table = meta + 72;
    const uint64_t last = get64(meta + 120);
    w->pages = size / w->page_size;
    if (last >= w->pages)
        return pd_fail(w->err, PD_ERR_FORMAT, (int64_t)size,
                       "'%s' is cut off: expected pages 0 to %" PRIu64 " of %" PRIu64 " bytes each", w->name,
                       last, w->page_size);
    w->pages = last + 1;
    w->entries = get64(table + 32);
    *root = get64(table + 40);
    return *root == NO_PAGE ? pd_fail(w->err, PD_ERR_FORMAT, 0, "'%s' holds no value", w->name) : PD_OK;
}

enum pd_status pd_lmdb_parse(const void *bytes, size_t size, const char *name, struct pd_lmdb *out,
                             struct pd_error *err)
{
    struct walk w = {.bytes = bytes, .name = name, .err = err, .out = out};
    uint64_t root = NO_PAGE;
    *out = (struct pd_lmdb){0};
    enum pd_status status = start(&w, size, &root);
    if (!status)
        status = walk_page(&w, root, 0, 0);
    if (!status && (!out->count || out->count != w.entries))
        status =
            pd_fail(err, PD_ERR_FORMAT, 0, "'%s': damaged LMDB file: %zu values, and its head says %" PRIu64,
                    name, out->count, w.entries);
    if (status)
        pd_lmdb_release(out);
    return status;
}

void pd_lmdb_release(struct pd_lmdb *lmdb)
{
    pd_free(lmdb->values);
    *lmdb = (struct pd_lmdb){0};
}
