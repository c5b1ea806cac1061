/* paydirt data get: published data sets, fetched and checked. */
#include "cli/data.h"

#include "cli/args.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/download.h>

#include <stdio.h>
#include <string.h>

static const char usage[] = "NAME... [--data-dir DIR] [options]";

static const char about[] =
    "Fetches the original files of published data sets, checks their SHA-256 sums, unpacks archives, and "
    "prints\n"
    "the folder for --data-dir. What is there already is not fetched again; what broke off is gone on with.\n"
    "Proxies are taken from the environment (https_proxy, http_proxy).\n"
    "\n"
    "data sets:\n";

static const char examples[] = "data get mnist fmnist --data-dir data\n"
                               "data get cifar10 --data-dir data --keep\n"
                               "data get mnist --mirror https://example.org/mnist/";

struct options {
    char data_dir[1024], mirror[1024];
    int64_t timeout;
    bool keep;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "where the files go"},
    {"mirror", PD_OPTION_TEXT, FIELD(mirror), 0, 0, "URL",
     "take the files from here and nowhere else: URL/FILE; the sums stay the same"},
    {"keep", PD_OPTION_BOOL, FIELD(keep), 0, 1, NULL, "keep archives beside what was unpacked"},
    {"timeout", PD_OPTION_INT, FIELD(timeout), 1, 3600, "N",
     "seconds without bytes after which a mirror is given up"},
};
#undef FIELD

/* One file on its way; what the two watches see. */
struct on_the_way {
    struct progress progress;
    const char *name;
    int64_t size;
    bool fetching, unpacking;
};

static bool go_on(struct on_the_way *w, bool *begun, const char *verb, int64_t done)
{
    char label[sizeof w->progress.label];
    if (!*begun) {
        progress_end(&w->progress);
        progress_begin(&w->progress, (uint64_t)done, (uint64_t)w->size, 1e-6, "MB");
        *begun = true;
    }
    snprintf(label, sizeof label, "%s%s", verb, w->name);
    progress_update(&w->progress, (uint64_t)(done < w->size ? done : w->size), label);
    return !stop_asked();
}

static bool while_fetching(void *context, int64_t done)
{
    struct on_the_way *w = context;
    return go_on(w, &w->fetching, "", done);
}

static bool while_unpacking(void *context, int64_t done)
{
    struct on_the_way *w = context;
    return go_on(w, &w->unpacking, "unpacking ", done);
}

static void say_done(struct on_the_way *w, const struct pd_published *p, bool fetched)
{
    const bool small = w->size < 1000000;
    progress_line(&w->progress, "%s: %s, %.*f %s, %s", p->name, w->name, !small,
                  (double)w->size * (small ? 1e-3 : 1e-6), small ? "kB" : "MB",
                  !fetched      ? "is there"
                  : p->unpacked ? "fetched, checked, unpacked"
                                : "fetched, checked");
}

static enum pd_status get_set(const struct pd_published *p, const struct options *o, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (const struct pd_published_file *f = p->files; !status && f->name; f++) {
        struct on_the_way w = {.name = f->name, .size = f->size};
        const struct pd_fetch how = {.dir = o->data_dir,
                                     .mirror = *o->mirror ? o->mirror : NULL,
                                     .keep = o->keep,
                                     .stall = o->timeout,
                                     .fetching = while_fetching,
                                     .unpacking = while_unpacking,
                                     .context = &w};
        bool fetched;
        status = pd_published_fetch(p, f, &how, &fetched, err);
        progress_end(&w.progress);
        if (!status)
            say_done(&w, p, fetched);
    }
    return status;
}

/* All names are looked up before anything is fetched. */
static enum pd_status get(const struct args *args, const struct options *o, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; i < args->operand_count; i++)
        if (!pd_published_find(args->operands[i], err))
            return PD_ERR_USAGE;
    stop_catch();
    for (int i = 0; !status && i < args->operand_count; i++)
        status = get_set(pd_published_find(args->operands[i], NULL), o, err);
    if (!status)
        say_path(o->data_dir);
    return status;
}

/* about and lines "  mnist          11.6 MB". Into text[size]; returns text. */
static const char *describe(char *text, size_t size)
{
    const struct pd_published *set;
    size_t n = (size_t)snprintf(text, size, "%s", about);
    for (int i = 0; (set = pd_published_at(i)) && n < size; i++) {
        int64_t bytes = 0;
        for (const struct pd_published_file *f = set->files; f->name; f++)
            bytes += f->size;
        n += (size_t)snprintf(text + n, size - n, "%s  %-14s %7.1f MB", i ? "\n" : "", set->name,
                              (double)bytes * 1e-6);
    }
    return text;
}

enum pd_status data_get(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.data_dir = "data", .timeout = 30};
    char text[2048];
    struct args args;
    const struct args_command command = {
        "data get", usage,     describe(text, sizeof text),
        examples,   "NAME...", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    return status ? status : get(&args, &o, err);
}
