/* paydirt devices: what networks can compute on here, and what is missing for a GPU. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/say.h"

#include <paydirt/devices.h>

#include <errno.h>
#include <stdio.h>

static const char usage[] = "[--json]";

static const char about[] =
    "Lists what 'train', 'active', 'bench' and others take as --device: the "
    "processor, and NVIDIA's cards with the\n"
    "driver and libraries that they need. What is missing stands there with what "
    "brings it. Libraries are looked for\n"
    "where the system has them, or, all but the driver, in the folders of "
    "PAYDIRT_CUDA alone (and in lib, lib64, */lib below),\n"
    "where PyPI's packages lie: PAYDIRT_CUDA=VENV/lib/python3.11/site-packages/nvidia.";

static const char examples[] = "devices --json\n"
                               "devices";

struct options {
    bool json;
};

static const struct pd_option table[] = {
    {"json", PD_OPTION_BOOL, offsetof(struct options, json), sizeof(bool), 0, 1, NULL, "print JSON"},
};

static enum pd_status print_json(const struct pd_devices *d, struct pd_error *err)
{
    errno = 0;
    json_t *parts = json_array(), *cards = json_array();
    for (int i = 0; i < PD_DEVICE_PARTS; i++) {
        const struct pd_device_part *p = &d->parts[i];
        json_array_append_new(parts, json_pack("{s:s, s:b, s:s, s:b, s:s, s:s}", "name", p->name, "found",
                                               p->found, "version", p->version, "for_ranks", p->for_ranks,
                                               "why", p->why, "source", p->source));
    }
    for (int i = 0; i < d->card_count; i++) {
        const struct pd_device_card *c = &d->cards[i];
        json_array_append_new(cards, json_pack("{s:s, s:s, s:s, s:f, s:b}", "device", c->device, "name",
                                               c->name, "capability", c->capability, "gigabytes",
                                               c->gigabytes, "usable", c->usable));
    }
    return say_json(json_pack("{s:i, s:b, s:s, s:o, s:o}", "threads", d->threads, "cuda_ready", d->ready,
                              "note", d->note, "parts", parts, "cards", cards),
                    6, "the devices", err);
}

static void print_table(const struct pd_devices *d)
{
    printf("%-8s this machine's processor, %d thread%s\n", "cpu", d->threads, d->threads == 1 ? "" : "s");
    for (int i = 0; i < d->card_count; i++) {
        const struct pd_device_card *c = &d->cards[i];
        printf("%-8s %s, %.0f GB, compute capability %s%s\n", c->device, c->name, c->gigabytes, c->capability,
               c->usable ? "" : ": 7.5 or newer is needed");
    }
    if (!d->card_count)
        printf("%-8s no card%s\n", "cuda", d->parts[0].found ? "" : " that can be asked for");
    for (int i = 0; i < PD_DEVICE_PARTS; i++) {
        const struct pd_device_part *p = &d->parts[i];
        printf("  %-16s %s%s%s\n", p->name, p->found ? (i ? "" : "for CUDA ") : "",
               p->found ? p->version : p->why, p->for_ranks ? " (for several ranks alone)" : "");
    }
    printf("%s\n", d->note);
}

enum pd_status command_devices(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.json = false};
    const struct args_command command = {
        "devices", usage, about,
        examples,  NULL,  {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct pd_devices found;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    pd_devices_find(&found);
    if (o.json)
        return print_json(&found, err);
    print_table(&found);
    return PD_OK;
}
