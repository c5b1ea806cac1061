/* paydirt score: what the discriminator thinks of real images, one row each. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/ranks.h"
#include "cli/real_images.h"
#include "cli/say.h"
#include "cli/where.h"

#include <paydirt/libraries.h>
#include <paydirt/pictures.h>
#include <paydirt/words.h>

#include <stddef.h>
#include <stdio.h>

static const char usage[] = "RUN --out FILE.csv [options]";

static const char about[] =
    "Scores real images with the discriminator of the run's last checkpoint, in evaluation mode. Columns:\n"
    "index, label, logit (real or fake), log_p_class (of the label), predicted (class), entropy,\n"
    "gold (vanilla) and gold_balanced (over the images scored); natural logarithms. An image without a\n"
    "label has empty fields there, and GOLD takes its entropy in place of its class. Then image (its file's\n"
    "name), class (the predicted one's name) and p (its probability); --probabilities adds those of all\n"
    "classes. So the network labels a folder: --data FOLDER --split train --sort p.\n"
    "Pictures: --histogram of GOLD's two terms; of images --sheet, those with the highest terms and GOLD,\n"
    "and --certainty, the least and the most certain; of 2-D points --plane, GOLD around them.";

static const char examples[] =
    "score runs/00000-strokes-infogan-gold --split test --out scores.csv\n"
    "score runs/00000-strokes-infogan-gold --out scores.csv --sheet sheet.png --no-labels\n"
    "score runs/00000-photos-dcgan --data ./rest --split train --sort p --out guesses.csv";

struct options {
    struct other_options other;
    char split[16], out[1024];
    char sort[32];
    bool probabilities;
    char histogram[1024], sheet[1024], certainty[1024], plane[1024];
    int64_t columns;
    struct where_options where;
    bool labels, by_number, recalibrate, recalibrate_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "FILE.csv", "the table to write"},
    {"probabilities", PD_OPTION_BOOL, FIELD(probabilities), 0, 1, NULL, "a column more for each class"},
    {"sort", PD_OPTION_TEXT, FIELD(sort), 0, 0, "COLUMN",
     "rows by it, the highest first: p, logit, entropy, gold or gold_balanced"},
    {"histogram", PD_OPTION_TEXT, FIELD(histogram), 0, 0, "FILE.png", "PNG: histogram of GOLD's terms"},
    {"sheet", PD_OPTION_TEXT, FIELD(sheet), 0, 0, "FILE.png", "PNG: images with the highest m, k and GOLD"},
    {"certainty", PD_OPTION_TEXT, FIELD(certainty), 0, 0, "FILE.png", "PNG: least and most certain images"},
    {"plane", PD_OPTION_TEXT, FIELD(plane), 0, 0, "FILE.png", "PNG: GOLD over the plane of 2-D points"},
    {"columns", PD_OPTION_INT, FIELD(columns), 1, 100, "N", "images in a row of --sheet and --certainty"},
    {"split", PD_OPTION_TEXT, FIELD(split), 0, 0, "NAME", "train or test"},
    OTHER_OPTIONS(struct options),
    {"labels", PD_OPTION_BOOL, FIELD(labels), 0, 1, NULL, "take every label as unknown"},
    {"by_number", PD_OPTION_BOOL, FIELD(by_number), 0, 1, NULL,
     "take the data's classes by number, not by name"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "by D's running statistics, over reals and fakes; as the run where not given"},
    WHERE_OPTIONS(struct options),
};
#undef FIELD

/* --- pictures --- */

struct scene {
    const struct options *o;
    struct pd_scored scored;
    struct pd_gan *gan;
};

static enum pd_status draw_histogram(const struct scene *s, const char *path, struct pd_error *err)
{
    return pd_picture_terms(path, s->scored.n, s->scored.logit, s->scored.conditional,
                            "Terms of the GOLD estimator", err);
}

static enum pd_status draw_sheet(const struct scene *s, const char *path, struct pd_error *err)
{
    return pd_picture_gold(path, &s->scored, s->o->columns, NULL, err);
}

static enum pd_status draw_certainty(const struct scene *s, const char *path, struct pd_error *err)
{
    return pd_picture_certainty(path, &s->scored, s->o->columns, NULL, err);
}

static enum pd_status draw_plane(const struct scene *s, const char *path, struct pd_error *err)
{
    return pd_picture_plane(path, s->gan, s->scored.data, false, NULL, 0, "GOLD of unlabelled points", err);
}

static const struct picture {
    const char *name;
    size_t path; /* of the option */
    bool points; /* of 2-D points, not of images */
    bool either;
    enum pd_status (*draw)(const struct scene *s, const char *path, struct pd_error *err);
} pictures[] = {
    {"histogram", offsetof(struct options, histogram), false, true, draw_histogram},
    {"sheet", offsetof(struct options, sheet), false, false, draw_sheet},
    {"certainty", offsetof(struct options, certainty), false, false, draw_certainty},
    {"plane", offsetof(struct options, plane), true, false, draw_plane},
};
enum { PICTURES = sizeof pictures / sizeof pictures[0] };

static const char *picture_path(const struct picture *p, const struct options *o)
{
    return (const char *)o + p->path;
}

/* Before the work. */
static enum pd_status check_pictures(const struct options *o, const struct pd_dataset *d,
                                     struct pd_error *err)
{
    static const char *const kinds[] = {"images", "2-D points"};
    const bool points = pd_dataset_is_points(d);
    bool any = false;
    for (int i = 0; i < PICTURES; i++) {
        const bool wanted = *picture_path(&pictures[i], o);
        any = any || wanted;
        if (wanted && !pictures[i].either && pictures[i].points != points)
            return pd_fail(err, PD_ERR_USAGE, -1, "--%s shows %s, and data set '%s' has %s", pictures[i].name,
                           kinds[pictures[i].points], pd_dataset_name(d), kinds[points]);
    }
    return any ? pd_library_need("cairo", err) : PD_OK;
}

static enum pd_status draw_pictures(const struct scene *s, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    for (int i = 0; !status && i < PICTURES; i++) {
        const char *path = picture_path(&pictures[i], s->o);
        if (!*path)
            continue;
        status = pictures[i].draw(s, path, err);
        if (!status)
            say(stderr, "%s: %s\n", path, pictures[i].name);
    }
    return status;
}

/* --- the command --- */

/* What the options ask for. */
struct asked {
    enum pd_split split;
    enum pd_score_key sort;
    enum pd_run_labels labels;
};

static enum pd_status check(const struct options *o, struct asked *asked, struct pd_error *err)
{
    const char *const splits[] = {pd_split_name(PD_SPLIT_TRAIN), pd_split_name(PD_SPLIT_TEST)};
    if (!o->out[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--out is missing: the file for the scores, such as scores.csv");
    if (o->sort[0] && pd_score_key_find(o->sort, &asked->sort, err))
        return PD_ERR_USAGE;
    const int at = pd_find_word("split", o->split, splits, PD_SPLITS, sizeof splits[0], err);
    if (at < 0)
        return PD_ERR_USAGE;
    asked->split = (enum pd_split)at;
    asked->labels = !o->labels     ? PD_RUN_LABELS_UNKNOWN
                    : o->by_number ? PD_RUN_LABELS_BY_NUMBER
                                   : PD_RUN_LABELS_BY_NAME;
    return real_check_other(&o->other, err);
}

static void say_done(const char *path, int64_t n, const struct pd_gan *gan)
{
    char by[80];
    real_statistics(gan, by, sizeof by);
    say(stderr, "%s: scores of %lld image%s%s%s\n", path, (long long)n, pd_plural((size_t)n),
        by[0] ? ", " : "", by);
}

/* The first keeps what it measures, for the others to take. */
static enum pd_status recalibrate(struct pd_run_model *run, const struct pd_dataset *training,
                                  struct pd_ranks *ranks, struct pd_error *err)
{
    const bool first = pd_ranks_rank(ranks) == 0;
    enum pd_status status = first ? real_recalibrate(run, PD_ORIGIN_REAL, training, err) : PD_OK;
    status = pd_ranks_agree(ranks, status, err);
    return status || first ? status : real_recalibrate(run, PD_ORIGIN_REAL, training, err);
}

/* data: checked. */
static enum pd_status score_data(const struct options *o, const struct asked *asked, struct pd_run_model *run,
                                 const struct pd_dataset *data, struct pd_ranks *ranks, struct pd_error *err)
{
    const bool own = !real_is_other(&o->other); /* the run's data */
    struct pd_gan *gan = pd_run_gan(run);
    struct pd_scores s;
    enum pd_status status = recalibrate(run, own && asked->split == PD_SPLIT_TRAIN ? data : NULL, ranks, err);
    pd_gan_share(gan, ranks);
    if (!status)
        status = pd_score_data(gan, data, NULL, &s, err);
    if (status)
        return status;
    if (pd_ranks_rank(ranks)) { /* the first has all */
        pd_scores_release(&s);
        return PD_OK;
    }
    status = pd_scores_write(o->out, &s, data, asked->sort, o->probabilities, err);
    if (!status)
        say_done(o->out, s.n, gan);
    const struct scene scene = {
        o, {data, s.n, NULL, s.classes, s.class_logits, s.logit, s.conditional, s.gold}, gan};
    if (!status)
        status = draw_pictures(&scene, err);
    pd_scores_release(&s);
    return status;
}

static enum pd_status score(const struct options *o, const struct asked *asked, const char *folder,
                            struct pd_ranks *ranks, struct pd_error *err)
{
    struct pd_run_model *run = NULL;
    struct pd_dataset *data = NULL;
    struct where_options where = o->where;
    const struct pd_run_other other = real_other(&o->other);
    if (ranks && !where.threads)
        where.threads = pd_ranks_threads(ranks);
    enum pd_status status = where_open(&where, folder, &run, err);
    if (!status)
        status = real_set_recalibrate(run, o->recalibrate_given, o->recalibrate, err);
    if (!status && pd_ranks_rank(ranks)) /* the first says what there is to say */
        status = pd_run_data(run, &other, asked->split, asked->labels, NULL, &data, err);
    else if (!status)
        status = real_open(run, &other, asked->split, asked->labels, &data, err);
    if (asked->split == PD_SPLIT_TEST)
        status = real_advise(status, "--split train scores the training images", err);
    if (!status)
        status = check_pictures(o, data, err);
    status = pd_ranks_agree(ranks, status, err);
    if (!status)
        status = score_data(o, asked, run, data, ranks, err);
    pd_dataset_destroy(data);
    pd_run_close(run);
    return status;
}

enum pd_status command_score(int argc, char **argv, struct pd_error *err)
{
    struct options o = {
        .split = "test", .labels = true, .recalibrate = true, .columns = 10, .where = WHERE_DEFAULTS};
    const struct args_command command = {
        "score",  usage, about,
        examples, "RUN", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    struct asked asked = {.sort = PD_SCORE_UNSORTED};
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = check(&o, &asked, err);
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    struct pd_ranks *ranks = NULL;
    if (!status)
        status = pd_ranks_open(&ranks, err);
    if (!status)
        status = args_trim_hints(&command, score(&o, &asked, args.operand, ranks, err), err);
    ranks_end("score", ranks, status, err);
    return status;
}
