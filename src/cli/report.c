/* paydirt report: runs as one HTML file. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"

#include <paydirt/libraries.h>
#include <paydirt/page.h>

#include <string.h>

static const char usage[] = "RUN... --out FILE [options]";

static const char about[] =
    "Writes one HTML file that needs nothing else: what was run, curves, results, pictures, queries by "
    "round,\n"
    "and the table of paydirt compare with the same numbers. Runs of training, or of active learning.";

static const char examples[] = "report runs/00003-mnist-infogan-gold --out report.html\n"
                               "report runs/00010-mnist-active --out report.html --baseline random";

struct options {
    char out[1024], baseline[512];
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "FILE.html", "the HTML file"},
    {"baseline", PD_OPTION_TEXT, FIELD(baseline), 0, 0, "NAME", "what the others are set against"},
};
#undef FIELD

enum pd_status command_report(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.baseline = "random"};
    const struct args_command command = {
        "report", usage,    about,
        examples, "RUN...", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status && !o.out[0])
        status = pd_fail(err, PD_ERR_USAGE, -1, "--out is missing: the file, such as report.html");
    if (!status)
        status = pd_library_need("cairo", err);
    for (int i = 0; i < args.operand_count; i++) /* as the shell's completion leaves it */
        for (size_t n = strlen(args.operands[i]); n > 1 && args.operands[i][n - 1] == '/'; n--)
            args.operands[i][n - 1] = '\0';
    if (!status)
        status = pd_report_write(args.operands, args.operand_count, o.baseline, o.out, err);
    if (!status)
        say(stderr, "%s\n", o.out);
    return status;
}
