/* paydirt data show: a contact sheet of a data set, a row for each class. */
#include "cli/args.h"
#include "cli/data.h"
#include "cli/say.h"

#include <paydirt/data.h>

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
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "FILE.png", "the picture, a PNG"},
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

static enum pd_status find_split(const struct options *o, enum pd_split *split, struct pd_error *err)
{
    *split = strcmp(o->split, "test") ? PD_SPLIT_TRAIN : PD_SPLIT_TEST;
    if (*split == PD_SPLIT_TRAIN && strcmp(o->split, "train") != 0)
        return pd_fail(err, PD_ERR_USAGE, -1, "--split '%s', expected train or test", o->split);
    return PD_OK;
}

static enum pd_status show(const char *what, const struct options *o, struct pd_error *err)
{
    struct pd_data_request request = {.name = what,
                                      .dir = o->data_dir,
                                      .size = (int)o->size,
                                      .classes = o->classes,
                                      .metadata = o->metadata,
                                      .metadata_columns = o->metadata_columns};
    struct pd_dataset *data;
    char title[128];
    enum pd_status status = find_split(o, &request.split, err);
    if (!status)
        status = pd_dataset_open_any(&request, &data, err);
    if (status)
        return status;
    if (!pd_dataset_is_points(data))
        pd_note_lines(pd_dataset_note(data), say_line, stderr);
    snprintf(title, sizeof title, "%s, %s: %lld images", pd_dataset_name(data), o->split,
             (long long)pd_dataset_count(data));
    status = pd_dataset_draw(data, o->per_class, title, o->out, err);
    if (!status)
        say_path(o->out);
    pd_dataset_destroy(data);
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
