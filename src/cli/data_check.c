/* paydirt data check: what a data set is, what is in it, and what is wrong with it. */
#include "cli/data_check.h"

#include "cli/args.h"
#include "cli/data.h"
#include "cli/progress.h"
#include "cli/say.h"

#include <paydirt/download.h>

#include <stdio.h>
#include <string.h>

static const char usage[] = "NAME|DIR [options]";

static const char about[] =
    "Says which data set it is and what is in it: images of each split and class, sizes, mean and standard\n"
    "deviation of the channels (of 0 to 1), images that are there more than once, pixel for pixel, and "
    "files\n"
    "that are broken. A folder is looked into: it may hold one of the sets of 'paydirt data list', or be a\n"
    "folder of images. Exit code 0: usable, 1: something is broken.";

static const char examples[] = "data check ./photos\n"
                               "data check photos.zip\n"
                               "data check ./scans --metadata labels.csv\n"
                               "data check mnist --data-dir data\n"
                               "data check strokes --json";

struct options {
    char data_dir[1024], classes[2048], metadata[1024], metadata_columns[256];
    bool json;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "where the files of NAME lie"},
    {"classes", PD_OPTION_TEXT, FIELD(classes), 0, 0, "LIST",
     "of a folder: these classes, with commas between"},
    {"metadata", PD_OPTION_TEXT, FIELD(metadata), 0, 0, "FILE", "of a folder: the file of its labels"},
    {"metadata_columns", PD_OPTION_TEXT, FIELD(metadata_columns), 0, 0, "LIST", "of it: IMAGE,LABEL[,SPLIT]"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
};
#undef FIELD

/* Other sets in the same folder, which --data-dir would find. */
static void print_others(const struct pd_data_report *r)
{
    const struct pd_published *set;
    for (int i = 0; r->dir && (set = pd_published_at(i)); i++)
        if (strcmp(set->name, r->set) != 0 && pd_published_is_there(set, r->dir))
            say(stdout, "%-10spaydirt data check %s --data-dir %s\n", "there too", set->name, r->dir);
}

static enum pd_status tell(const struct pd_data_report *r, const char *what, bool json, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    if (json)
        status = data_report_print_json(r, what, err);
    else {
        data_report_print(r, what);
        print_others(r);
    }
    if (status || !r->broken_count)
        return status;
    return pd_fail(err, PD_ERR_BROKEN, -1, "'%.200s': %zu broken, the first: %.200s", what, r->broken_count,
                   r->broken[0].why);
}

static enum pd_status check(const char *what, const struct options *o, struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    const struct pd_data_watch watch = {&progress, progress_decoding, NULL};
    const struct pd_data_request request = {.name = what,
                                            .dir = o->data_dir,
                                            .classes = o->classes,
                                            .metadata = o->metadata,
                                            .metadata_columns = o->metadata_columns,
                                            .watch = &watch};
    struct pd_data_report report;
    enum pd_status status = pd_data_check(&request, &report, err);
    progress_end(&progress);
    if (status)
        return status;
    status = tell(&report, what, o->json, err);
    pd_data_report_release(&report);
    return status;
}

enum pd_status data_check(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.json = false};
    const struct args_command command = {
        "data check", usage,      about,
        examples,     "NAME|DIR", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    return status ? status : check(args.operand, &o, err);
}
