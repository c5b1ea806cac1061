/* paydirt data show: a contact sheet of a data set, a row for each class. */
#include "cli/args.h"
#include "cli/data.h"
#include "cli/say.h"

#include "base/mem.h"
#include "io/chart.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "NAME|DIR [--out sheet.png] [options]";

static const char about[] =
    "Draws a contact sheet: a row of images for each class, spread evenly over the class's images in their\n"
    "order, those without a label last. Prints the name of the picture.";

static const char examples[] = "data show ./photos --out sheet.png\n"
                               "data show mnist --data-dir data --split test --per-class 20";

struct options {
    char data_dir[1024], out[1024], split[16], classes[2048], metadata[1024], metadata_columns[256];
    int64_t per_class, size;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "FILE", "the picture, a PNG"},
    {"per_class", PD_OPTION_INT, FIELD(per_class), 1, 100, "N", "images of each class"},
    {"split", PD_OPTION_TEXT, FIELD(split), 0, 0, "NAME", "train or test"},
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "where the files of NAME lie"},
    {"size", PD_OPTION_INT, FIELD(size), 8, 1024, "N", "side of the images of a folder, in pixels"},
    {"classes", PD_OPTION_TEXT, FIELD(classes), 0, 0, "LIST",
     "of a folder: these classes, with commas between"},
    {"metadata", PD_OPTION_TEXT, FIELD(metadata), 0, 0, "FILE", "of a folder: the file of its labels"},
    {"metadata_columns", PD_OPTION_TEXT, FIELD(metadata_columns), 0, 0, "LIST", "of it: IMAGE,LABEL[,SPLIT]"},
};
#undef FIELD

/* The rows: all classes, and one more for those without a label. */
struct sheet {
    const struct pd_dataset *d;
    int64_t columns;
    uint32_t *of_class; /* (classes + 1) */
    int rows;
    int *label;                             /* (rows): classes stands for no label */
    float *images;                          /* (rows, columns, image) */
    char (*words)[PD_CLASS_NAME_SIZE + 32]; /* (rows) */
    const char **headings;
};

static int row_of(const struct pd_dataset *d, uint32_t i)
{
    return d->labels[i] < 0 ? d->classes : d->labels[i];
}

static enum pd_status reserve(struct sheet *s, struct pd_error *err)
{
    const size_t rows = (size_t)s->d->classes + 1, columns = (size_t)s->columns;
    s->of_class = pd_calloc(rows, sizeof *s->of_class);
    s->label = pd_calloc(rows, sizeof *s->label);
    s->words = pd_calloc(rows, sizeof *s->words);
    s->headings = pd_calloc(rows, sizeof *s->headings);
    s->images = pd_calloc(rows * columns, pd_dataset_image_size(s->d) * sizeof *s->images);
    if (s->of_class && s->label && s->words && s->headings && s->images)
        return PD_OK;
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a picture of %zu rows", rows);
}

static void release(struct sheet *s)
{
    pd_free(s->of_class);
    pd_free(s->label);
    pd_free(s->words);
    pd_free(s->headings);
    pd_free(s->images);
}

/* Classes that have images get a row and words. */
static void count_rows(struct sheet *s)
{
    for (uint32_t i = 0; i < s->d->count; i++)
        s->of_class[row_of(s->d, i)]++;
    for (int k = 0; k <= s->d->classes; k++) {
        char name[PD_CLASS_NAME_SIZE] = "no label";
        if (!s->of_class[k])
            continue;
        if (k < s->d->classes)
            pd_dataset_class_name(s->d, k, name, sizeof name);
        snprintf(s->words[s->rows], sizeof s->words[0], "%s (%u)", name, s->of_class[k]);
        s->headings[s->rows] = s->words[s->rows];
        s->label[s->rows++] = k;
    }
}

static void put(struct sheet *s, int row, int64_t column, const uint8_t *pixels)
{
    const size_t size = pd_dataset_image_size(s->d);
    float *to = s->images + ((size_t)row * (size_t)s->columns + (size_t)column) * size;
    for (size_t i = 0; i < size; i++)
        to[i] = pixels ? (float)pixels[i] / 127.5F - 1 : 1; /* white */
}

/* Of n images the seen-th is number c of those shown when it is the first at or beyond c n / columns. */
static void fill_row(struct sheet *s, int row)
{
    const uint32_t n = s->of_class[s->label[row]];
    const int64_t shown = n < s->columns ? n : s->columns;
    int64_t column = 0, seen = 0;
    for (uint32_t i = 0; i < s->d->count && column < shown; i++)
        if (row_of(s->d, i) == s->label[row] && seen++ == column * n / shown)
            put(s, row, column++, pd_dataset_image(s->d, i));
    for (; column < s->columns; column++)
        put(s, row, column, NULL);
}

static enum pd_status draw(const struct pd_dataset *d, const struct options *o, struct pd_error *err)
{
    struct sheet s = {.d = d, .columns = o->per_class};
    struct pd_buffer png = PD_BUFFER_INIT;
    char title[128];
    if (!d->pixels)
        return pd_fail(err, PD_ERR_USAGE, -1, "data set '%s' has 2-D points, no images", d->name);
    pd_note_lines(d->note, say_line, stderr);
    enum pd_status status = reserve(&s, err);
    if (!status) {
        count_rows(&s);
        for (int row = 0; row < s.rows; row++)
            fill_row(&s, row);
        snprintf(title, sizeof title, "%s, %s: %u images", d->name, o->split, d->count);
        const struct pd_sheet sheet = {.n = s.rows * s.columns,
                                       .c = d->channels,
                                       .h = d->height,
                                       .w = d->width,
                                       .images = s.images,
                                       .columns = s.columns,
                                       .headings = s.headings,
                                       .title = title};
        status = pd_chart_sheet(&sheet, &png, err);
    }
    if (!status)
        status = pd_file_write_atomic(o->out, png.data, png.size, err);
    if (!status)
        say_path(o->out);
    pd_buffer_release(&png);
    release(&s);
    return status;
}

static enum pd_status find_split(const struct options *o, enum pd_split *split, struct pd_error *err)
{
    *split = strcmp(o->split, "test") ? PD_SPLIT_TRAIN : PD_SPLIT_TEST;
    if (*split == PD_SPLIT_TRAIN && strcmp(o->split, "train") != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "--split '%s', expected train or test", o->split);
    return PD_OK;
}

static enum pd_status show(const char *what, const struct options *o, struct pd_error *err)
{
    struct data_found f = {.request = {.size = (int)o->size,
                                       .classes = o->classes,
                                       .metadata = o->metadata,
                                       .metadata_columns = o->metadata_columns}};
    enum pd_split split;
    enum pd_status status = find_split(o, &split, err);
    if (status)
        return status;
    status = data_find(what, o->data_dir, &f, err);
    if (!status && (!f.data || f.request.split != split)) {
        pd_dataset_destroy(f.data);
        f.request.split = split;
        status = pd_dataset_open(&f.request, &f.data, err);
    }
    if (!status && f.data)
        status = draw(f.data, o, err);
    pd_dataset_destroy(f.data);
    return status;
}

enum pd_status data_show(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.out = "sheet.png", .split = "train", .per_class = 10, .size = 64};
    const struct args_command command = {
        "data show", usage,      about,
        examples,    "NAME|DIR", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    return status ? status : show(args.operand, &o, err);
}
