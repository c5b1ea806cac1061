#include "io/npy_header.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAGIC_BYTES = 8, ALIGN = 64, GROWTH_DIGITS = 21 };

static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

/* As NumPy does, spaces included: room for the first dimension to grow in place. */
static int growth_room(const struct pd_io_array *a)
{
    return a->rank ? GROWTH_DIGITS - snprintf(NULL, 0, "%" PRId64, a->dims[0]) : 0;
}

void pd_npy_encode_header(struct pd_buffer *out, const struct pd_io_array *a)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    const bool of_text = a->dtype == PD_IO_TEXT;
    const int rank = a->rank - of_text;
    pd_buffer_printf(&text, "{'descr': '%s", pd_io_dtype_numpy(a->dtype));
    if (of_text)
        pd_buffer_printf(&text, "%" PRId64, a->dims[rank]);
    pd_buffer_printf(&text, "', 'fortran_order': False, 'shape': (");
    for (int i = 0; i < rank; i++)
        pd_buffer_printf(&text, i ? ", %" PRId64 : "%" PRId64, a->dims[i]);
    pd_buffer_printf(&text, "%s), }%*s", rank == 1 ? "," : "", growth_room(a), "");
    size_t pad = ALIGN - (MAGIC_BYTES + 2 + text.size + 1) % ALIGN;
    pd_buffer_printf(&text, "%*s\n", (int)pad, "");
    uint16_t length = (uint16_t)text.size;
    pd_buffer_append(out, magic, sizeof magic);
    pd_buffer_append(out, "\1\0", 2);
    pd_buffer_append(out, &length, sizeof length);
    pd_buffer_append(out, text.data, text.size);
    out->oom = out->oom || text.oom;
    pd_buffer_release(&text);
}

/* The dict, read from left to right. */
struct cursor {
    const char *path, *bytes; /* bytes: of the whole file, for offsets */
    size_t at, end;
    int64_t characters; /* of a text */
    struct pd_error *err;
};

static enum pd_status expected(const struct cursor *c, const char *what)
{
    return pd_fail(c->err, PD_ERR_FORMAT, (int64_t)c->at, "%s: npy header: expected %s", c->path, what);
}

static void skip_spaces(struct cursor *c)
{
    while (c->at < c->end && isspace((unsigned char)c->bytes[c->at]))
        c->at++;
}

static bool take(struct cursor *c, char wanted)
{
    skip_spaces(c);
    if (c->at == c->end || c->bytes[c->at] != wanted)
        return false;
    c->at++;
    return true;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t n = strlen(word);
    skip_spaces(c);
    if (c->end - c->at < n || memcmp(c->bytes + c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* A string in single or double quotes, without escapes. */
static bool take_string(struct cursor *c, char *out, size_t size)
{
    skip_spaces(c);
    if (c->at == c->end || (c->bytes[c->at] != '\'' && c->bytes[c->at] != '"'))
        return false;
    const char *begin = c->bytes + c->at + 1;
    const char *close = memchr(begin, c->bytes[c->at], c->end - c->at - 1);
    if (!close || (size_t)(close - begin) >= size || memchr(begin, '\0', (size_t)(close - begin)))
        return false;
    memcpy(out, begin, (size_t)(close - begin));
    out[close - begin] = '\0';
    c->at += (size_t)(close - begin) + 2;
    return true;
}

static bool take_int(struct cursor *c, int64_t *out)
{
    skip_spaces(c);
    size_t begin = c->at;
    *out = 0;
    for (; c->at < c->end && isdigit((unsigned char)c->bytes[c->at]); c->at++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, c->bytes[c->at] - '0', out))
            return false;
    const bool digits = c->at > begin;
    c->at += digits && c->at < c->end && c->bytes[c->at] == 'L'; /* Python 2 */
    return digits;
}

/* What is not read, by the letter of its kind. */
static const char *kind_words(char kind)
{
    static const struct {
        char kind;
        const char *words;
    } kinds[] = {{'O', "Python objects, pickled, which are never unpickled"},
                 {'c', "complex numbers"},
                 {'f', "of a width that is not read"},
                 {'U', "text"},
                 {'S', "text"},
                 {'M', "dates"},
                 {'m', "times"},
                 {'V', "raw bytes or a structure"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].kind == kind)
            return kinds[i].words;
    return "unknown";
}

/* '<f4': byte order, kind, bytes. */
static bool find_dtype(const char *descr, struct pd_io_array *a, bool *swapped)
{
    for (int d = 0; strchr("<>|=", descr[0]) && d < PD_IO_DTYPES; d++)
        if (!strcmp(descr + 1, pd_io_dtype_numpy((enum pd_io_dtype)d) + 1)) {
            a->dtype = (enum pd_io_dtype)d;
            *swapped = descr[0] == '>';
            return true;
        }
    return false;
}

/* '<U5': characters of four bytes. */
static bool find_text(struct cursor *c, const char *descr, struct pd_io_array *a, bool *swapped)
{
    struct cursor digits = {.bytes = descr, .at = 2, .end = strlen(descr)};
    *swapped = descr[0] == '>';
    return a->dtype == PD_IO_TEXT && strchr("<>=", descr[0]) && descr[1] == 'U' &&
           take_int(&digits, &c->characters) && digits.at == digits.end;
}

static enum pd_status parse_descr(struct cursor *c, struct pd_io_array *a, bool *swapped)
{
    char descr[16] = "";
    const size_t at = c->at;
    const bool text = take_string(c, descr, sizeof descr) && descr[0];
    if (text && (find_text(c, descr, a, swapped) || find_dtype(descr, a, swapped)))
        return PD_OK;
    return pd_fail(c->err, PD_ERR_UNSUPPORTED, (int64_t)at,
                   "%s: numbers of type %s%s%s (%s), expected float16, float32, float64, integers or bool",
                   c->path, text ? "'" : "", text ? descr : "[...]", text ? "'" : "",
                   text ? kind_words(descr[1]) : "a structured array: save one of its fields");
}

static enum pd_status parse_order(struct cursor *c, bool *fortran)
{
    *fortran = take_word(c, "True");
    return *fortran || take_word(c, "False") ? PD_OK : expected(c, "True or False");
}

/* (), (3,), (3, 4): one number alone needs its comma, as in Python. */
static enum pd_status parse_shape(struct cursor *c, struct pd_io_array *a)
{
    bool comma = true;
    if (!take(c, '('))
        return expected(c, "a shape in parentheses");
    for (a->rank = 0; !take(c, ')'); a->rank++) {
        if (a->rank == PD_IO_MAX_RANK)
            return pd_fail(c->err, PD_ERR_UNSUPPORTED, (int64_t)c->at, "%s: npy of more than %d dimensions",
                           c->path, (int)PD_IO_MAX_RANK);
        if (!comma)
            return expected(c, "',' or ')'");
        if (!take_int(c, &a->dims[a->rank]))
            return expected(c, "a dimension");
        comma = take(c, ',');
    }
    return a->rank == 1 && !comma ? expected(c, "(n,)") : PD_OK;
}

enum { HAVE_DESCR = 1, HAVE_ORDER = 2, HAVE_SHAPE = 4, HAVE_ALL = 7 };

static enum pd_status parse_entry(struct cursor *c, struct pd_io_array *a, struct pd_npy_layout *layout,
                                  int *have)
{
    char key[16] = "";
    size_t at = c->at;
    if (!take_string(c, key, sizeof key))
        return expected(c, "a key in quotes");
    int bit = !strcmp(key, "descr")           ? HAVE_DESCR
              : !strcmp(key, "fortran_order") ? HAVE_ORDER
              : !strcmp(key, "shape")         ? HAVE_SHAPE
                                              : 0;
    if (!bit || *have & bit) {
        c->at = at;
        return expected(c, "descr, fortran_order and shape, each once");
    }
    if (!take(c, ':'))
        return expected(c, "':'");
    skip_spaces(c);
    *have |= bit;
    return bit == HAVE_DESCR   ? parse_descr(c, a, &layout->swapped)
           : bit == HAVE_ORDER ? parse_order(c, &layout->fortran)
                               : parse_shape(c, a);
}

static enum pd_status parse_dict(struct cursor *c, struct pd_io_array *a, struct pd_npy_layout *layout)
{
    bool comma = true;
    int have = 0;
    if (!take(c, '{'))
        return expected(c, "'{'");
    while (!take(c, '}')) {
        enum pd_status status = comma ? parse_entry(c, a, layout, &have) : expected(c, "',' or '}'");
        if (status != PD_OK)
            return status;
        comma = take(c, ',');
    }
    skip_spaces(c);
    if (have != HAVE_ALL || c->at != c->end)
        return expected(c, have != HAVE_ALL ? "descr, fortran_order and shape" : "nothing after '}'");
    layout->fortran = layout->fortran && a->rank > 1;
    if (a->dtype == PD_IO_TEXT && a->rank == PD_IO_MAX_RANK)
        return expected(c, "less dimensions");
    if (a->dtype == PD_IO_TEXT)
        a->dims[a->rank++] = c->characters;
    return PD_OK;
}

/* Where the dict lies. */
static enum pd_status find_header(struct cursor *c, size_t size)
{
    if (size < MAGIC_BYTES + 2)
        return pd_fail(c->err, PD_ERR_FORMAT, (int64_t)size,
                       "%s: truncated: the file ends within the npy magic", c->path);
    if (memcmp(c->bytes, magic, sizeof magic) != 0)
        return pd_fail(c->err, PD_ERR_FORMAT, 0, "%s: not an npy file: expected \\x93NUMPY", c->path);
    int version = (unsigned char)c->bytes[6];
    size_t width = version == 1 ? 2 : 4;
    if (version < 1 || version > 3 || c->bytes[7] != 0)
        return pd_fail(c->err, PD_ERR_UNSUPPORTED, 6, "%s: npy version %d.%d, expected 1.0, 2.0 or 3.0",
                       c->path, (unsigned char)c->bytes[6], (unsigned char)c->bytes[7]);
    uint32_t length = 0;
    if (size >= MAGIC_BYTES + width)
        memcpy(&length, c->bytes + MAGIC_BYTES, width);
    c->at = MAGIC_BYTES + width;
    if (size < c->at || length > size - c->at)
        return pd_fail(c->err, PD_ERR_FORMAT, (int64_t)size,
                       "%s: truncated: the file ends within the npy header", c->path);
    c->end = c->at + length;
    return PD_OK;
}

enum pd_status pd_npy_decode_header(const char *bytes, size_t size, const char *path, struct pd_io_array *a,
                                    struct pd_npy_layout *layout, struct pd_error *err)
{
    struct cursor c = {.path = path, .bytes = bytes, .err = err};
    int64_t need;
    *layout = (struct pd_npy_layout){.fortran = false};
    enum pd_status status = find_header(&c, size);
    if (status == PD_OK)
        status = parse_dict(&c, a, layout);
    if (status == PD_OK && !pd_io_array_bytes(a, &need))
        status = pd_fail(err, PD_ERR_FORMAT, MAGIC_BYTES, "%s: the npy's shape is too large", path);
    layout->data_at = c.end;
    return status;
}

enum pd_status pd_npy_check_size(const struct pd_io_array *a, size_t data_at, uint64_t size, const char *path,
                                 struct pd_error *err)
{
    int64_t need = 0;
    pd_io_array_bytes(a, &need);
    const uint64_t have = size - data_at;
    if (have == (uint64_t)need)
        return PD_OK;
    return pd_fail(err, PD_ERR_FORMAT, (int64_t)size,
                   "%s: %snpy data of %" PRIu64 " bytes, expected %" PRId64, path,
                   have < (uint64_t)need ? "truncated: " : "", have, need);
}
