/* paydirt watch: runs in the browser, while they are written and after. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/page.h"
#include "cli/say.h"
#include "cli/stop.h"

#include <paydirt/libraries.h>

static const char usage[] = "RUN... [options]";

static const char about[] =
    "Serves a page that shows runs of training and of active learning as they go: losses, GOLD's mean d,\n"
    "metrics, sample grids by epoch, accuracy over labels, the machine, the time left. Several runs are set\n"
    "against each other. Runs that other processes are writing are followed; nothing is written.";

static const char examples[] = "watch runs/00003-mnist-infogan-gold\n"
                               "watch runs/00001-strokes-infogan runs/00002-strokes-infogan-gold";

struct options {
    struct page_options page;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {PAGE_PLACE_OPTIONS(FIELD)};
#undef FIELD

static enum pd_status serve(const struct options *o, struct pd_page *page, const struct args *args,
                            struct pd_error *err)
{
    enum pd_status status = pd_page_watch(page, args->operands, args->operand_count, err);
    if (status)
        return status;
    page_show(&o->page, page, true);
    say(stderr, "Ctrl-C ends it; the runs go on\n");
    status = pd_page_wait(page, stop_callback, NULL, NULL, err);
    return status == PD_ERR_INTERRUPTED ? PD_OK : status;
}

enum pd_status command_watch(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.page = PAGE_DEFAULTS};
    const struct args_command command = {
        "watch",  usage,    about,
        examples, "RUN...", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct pd_page *page;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = pd_library_need("cairo", err);
    if (!status)
        status = page_open(&o.page, &page, err);
    if (status)
        return status;
    stop_catch();
    status = serve(&o, page, &args, err);
    pd_page_close(page);
    return status;
}
