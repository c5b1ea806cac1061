/* paydirt weights: the weights of networks that metrics need. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"

#include <paydirt/inception.h>
#include <paydirt/words.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] = "import FILE --out FILE.safetensors";

static const char about[] =
    "Checks a file of Inception-2015's weights, tensor by tensor, and writes them as safetensors, for\n"
    "'paydirt eval --weights'. FILE: what torch.save writes (.pth), or safetensors. People get it "
    "from\n" PD_INCEPTION_URL "\n"
    "A pickle is a program; here it is read as data, and nothing in it is run.";

static const char examples[] =
    "weights import pt_inception-2015-12-05-6726825d.pth --out inception.safetensors";

struct options {
    char out[1024];
    bool json;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "FILE.safetensors", "where they go"},
    {"json", PD_OPTION_BOOL, FIELD(json), 0, 1, NULL, "print JSON"},
};
#undef FIELD

static enum pd_status import(const char *from, const struct options *o, struct pd_error *err)
{
    struct pd_inception_import found;
    enum pd_status status = pd_inception_import(from, o->out, &found, err);
    if (status)
        return status;
    if (!found.published)
        say(stderr,
            "%s: not the file that pytorch-fid publishes, whose SHA-256 begins with 6726825d: FIDs with "
            "these weights are not the field's\n",
            from);
    errno = 0;
    if (o->json)
        return say_json(json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "weights", "inception-2015-12-05", "file",
                                  o->out, "tensors", found.tensors, "checksum", found.checksum,
                                  "source_sha256", found.source, "published", found.published),
                        10, o->out, err);
    say(stdout, "%s: Inception-2015, %d tensors, checksum %.16s\n", o->out, found.tensors, found.checksum);
    return PD_OK;
}

enum pd_status command_weights(int argc, char **argv, struct pd_error *err)
{
    static const char *const verbs[] = {"import"};
    struct options o = {.json = false};
    struct args args;
    const struct args_command command = {"weights",
                                         usage,
                                         about,
                                         examples,
                                         "import FILE...",
                                         {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status && pd_find_word("verb", args.operands[0], verbs, 1, sizeof verbs[0], err) < 0)
        return PD_ERR_USAGE;
    if (!status && args.operand_count != 2)
        return pd_fail(err, PD_ERR_USAGE, -1, "%s, expected one file: paydirt weights %s",
                       args.operand_count < 2 ? "no file" : "several files", usage);
    if (!status && !o.out[0])
        return pd_fail(err, PD_ERR_USAGE, -1, "--out is missing: where the weights go");
    return status ? status : import(args.operands[1], &o, err);
}
