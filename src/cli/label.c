/* paydirt label: what an active run asks, answered on a page in the browser. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/libraries.h>
#include <paydirt/words.h>

#include <string.h>

static const char usage[] = "RUN [options]\n"
                            "RUN --export FORMAT --out PATH";

static const char about[] =
    "Serves a page on which people answer what an active run asks (--oracle csv, page or label-studio), "
    "with\n"
    "the keyboard: a key for each class, space to skip, backspace to take back. Each answer is on disk\n"
    "(RUN/page.db) before the page says so; a server that was killed goes on where it was. The run takes "
    "the\n"
    "answers with: paydirt active --resume RUN.\n"
    "With --export the answers are written in a form for others: csv, label-studio, coco, or folders (a\n"
    "folder of copies for each class).";

static const char examples[] = "label runs/00000-photos-active-gold\n"
                               "label runs/00000-photos-active-gold --people 2\n"
                               "label runs/00000-photos-active-gold --export folders --out ./sorted";

struct options {
    struct page_options page;
    char export[32], out[1024];
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    PAGE_OPTIONS(FIELD){"export", PD_OPTION_TEXT, FIELD(export), 0, 0, "FORMAT",
                        "write all answers and end: csv, label-studio, coco or folders"},
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "PATH", "with --export: the file, or the new folder"},
};
#undef FIELD

static enum pd_status write_answers(const struct options *o, const char *run, struct pd_error *err)
{
    struct pd_page_exported n;
    if (!o->out[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--out is missing: the file, or the new folder, for --export");
    const enum pd_status status = pd_page_export(run, o->export, o->out, &n, err);
    if (!status)
        say(stderr, "%s: %lld image%s\n", o->out, (long long)n.images, pd_plural((size_t)n.images));
    pd_note_lines(n.note, say_line, stderr);
    if (n.disputed)
        say(stderr, "left out: %lld on which people disagree\n", (long long)n.disputed);
    if (n.waiting)
        say(stderr, "left out: %lld that too few people have answered (--people)\n", (long long)n.waiting);
    return status;
}

static void say_count(const char *run, const struct pd_page_count *n)
{
    say(stderr, "%lld of %lld images answered", (long long)n->done, (long long)n->asked);
    if (n->disputed)
        say(stderr, ", %lld disagreed on", (long long)n->disputed);
    say(stderr, "\n");
    say(stdout, "the run takes the answers with: paydirt active --resume %s\n", run);
}

static enum pd_status serve(const struct options *o, struct pd_page *page, const char *run,
                            struct pd_error *err)
{
    struct progress progress = {.terminal = false};
    struct pd_page_count count;
    const struct pd_training_watch train = {&progress,         NULL, NULL, NULL, stop_callback, progress_say,
                                            progress_decoding, NULL};
    const struct pd_active_watch watch = {.train = &train};
    enum pd_status status = pd_page_ask(page, run, (int)o->page.people, &watch, err);
    progress_end(&progress);
    if (status)
        return status;
    page_show(&o->page, page, false);
    say(stderr, "Ctrl-C ends it; nothing is lost\n");
    status = pd_page_wait(page, stop_callback, NULL, &count, err);
    if (status && status != PD_ERR_INTERRUPTED)
        return status;
    say_count(run, &count);
    return PD_OK;
}

enum pd_status command_label(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.page = PAGE_DEFAULTS};
    const struct args_command command = {
        "label",  usage, about,
        examples, "RUN", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct pd_page *page;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status && o.out[0] && !o.export[0])
        status =
            pd_fail(err, PD_ERR_USAGE, -1, "--out needs --export FORMAT: csv, label-studio, coco or folders");
    if (!status)
        status = pd_library_need("SQLite", err);
    if (!status && o.export[0])
        return write_answers(&o, args.operand, err);
    if (!status)
        status = page_open(&o.page, &page, err);
    if (status)
        return status;
    stop_catch();
    status = serve(&o, page, args.operand, err);
    pd_page_close(page);
    return status;
}
