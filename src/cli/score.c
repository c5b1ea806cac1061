/* paydirt score: what the discriminator thinks of real images, one row each. */
#include <paydirt/select.h>
#include <paydirt/words.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/real.h"
#include "cli/say.h"

#include "base/mem.h"
#include "io/csv.h"
#include "gan/pictures.h"
#include "gan/recalibrate.h"
#include "gan/scorer.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "RUN --out FILE.csv [options]";

static const char about[] =
    "Scores real images with the discriminator of the run's last checkpoint, in evaluation mode. Columns:\n"
    "index, label, logit (real or fake), log_p_class (of the label), predicted (class), entropy,\n"
    "gold (vanilla) and gold_balanced (over the images scored); natural logarithms. An image without a\n"
    "label has empty fields there, and GOLD takes its entropy in place of its class. Then image (its file's\n"
    "name), class (the predicted one's name) and p (its probability); --probabilities adds those of all\n"
    "classes. So the network labels a folder: --data FOLDER --sort p.\n"
    "Pictures: --histogram of GOLD's two terms; of images --sheet, those with the highest terms and GOLD,\n"
    "and --certainty, the least and the most certain; of 2-D points --plane, GOLD around them.";

static const char examples[] =
    "score runs/00000-strokes-infogan-gold --split test --out scores.csv\n"
    "score runs/00000-strokes-infogan-gold --out scores.csv --sheet sheet.png --no-labels\n"
    "score runs/00000-photos-dcgan --data ./rest --split train --sort p --out guesses.csv";

struct options {
    char data[1024], data_dir[1024], split[16], out[1024];
    char sort[32];
    bool probabilities;
    char histogram[1024], sheet[1024], certainty[1024], plane[1024];
    int64_t threads, columns;
    bool labels, by_number, recalibrate, recalibrate_given;
};

#define FIELD(name) offsetof(struct options, name), sizeof(((struct options *)0)->name)
static const struct pd_option table[] = {
    {"out", PD_OPTION_TEXT, FIELD(out), 0, 0, "FILE", "the table to write"},
    {"probabilities", PD_OPTION_BOOL, FIELD(probabilities), 0, 1, NULL, "a column more for each class"},
    {"sort", PD_OPTION_TEXT, FIELD(sort), 0, 0, "COLUMN",
     "rows by it, the highest first: p, logit, entropy, gold or gold_balanced"},
    {"histogram", PD_OPTION_TEXT, FIELD(histogram), 0, 0, "FILE", "PNG: histogram of GOLD's terms"},
    {"sheet", PD_OPTION_TEXT, FIELD(sheet), 0, 0, "FILE", "PNG: images with the highest m, k and GOLD"},
    {"certainty", PD_OPTION_TEXT, FIELD(certainty), 0, 0, "FILE", "PNG: least and most certain images"},
    {"plane", PD_OPTION_TEXT, FIELD(plane), 0, 0, "FILE", "PNG: GOLD over the plane of 2-D points"},
    {"columns", PD_OPTION_INT, FIELD(columns), 1, 100, "N", "images in a row of --sheet and --certainty"},
    {"split", PD_OPTION_TEXT, FIELD(split), 0, 0, "NAME", "train or test"},
    {"data", PD_OPTION_TEXT, FIELD(data), 0, 0, "NAME", "another data set than the run's"},
    {"data_dir", PD_OPTION_TEXT, FIELD(data_dir), 0, 0, "DIR", "folder with its files"},
    {"labels", PD_OPTION_BOOL, FIELD(labels), 0, 1, NULL, "take every label as unknown"},
    {"by_number", PD_OPTION_BOOL, FIELD(by_number), 0, 1, NULL,
     "take the data's classes by number, not by name"},
    {"recalibrate", PD_OPTION_BOOL, FIELD(recalibrate), 0, 1, NULL,
     "by D's running statistics, over reals and fakes; as the run where not given"},
    {"threads", PD_OPTION_INT, FIELD(threads), 0, 1024, "N", "threads; 0: as the run"},
};
#undef FIELD

/* One block of doubles and one of floats, cut into columns. */
struct scores {
    int64_t n;
    int classes;
    const int32_t *labels; /* or NULL */
    float *logit, *class_logits;
    double *log_p, *entropy, *conditional, *gold, *balanced;
};

static enum pd_status reserve(struct scores *s, struct pd_error *err)
{
    const size_t n = (size_t)s->n, k = (size_t)s->classes;
    s->logit = pd_calloc(n, (1 + k) * sizeof(float));
    s->log_p = pd_calloc(n, (k + 4) * sizeof(double));
    if (!s->logit || !s->log_p)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %lld scores", (long long)s->n);
    s->class_logits = s->logit + n;
    s->entropy = s->log_p + n * k;
    s->conditional = s->entropy + n;
    s->gold = s->conditional + n;
    s->balanced = s->gold + n;
    return PD_OK;
}

static void release(struct scores *s)
{
    pd_free(s->logit);
    pd_free(s->log_p);
}

static enum pd_status compute(struct scores *s, struct pd_gan *gan, const float *images, struct pd_error *err)
{
    enum pd_status status = pd_score(gan, PD_ORIGIN_REAL, images, s->n, s->logit, s->class_logits, err);
    if (status)
        return status;
    const struct pd_gold_input in = {s->n, s->classes, s->logit, s->class_logits, s->labels, PD_GOLD_REAL};
    status = pd_gold_conditional(&in, s->conditional, err);
    if (status)
        return status;
    pd_class_log_p(s->n, s->classes, s->class_logits, s->log_p);
    pd_class_entropy(s->n, s->classes, s->class_logits, s->entropy);
    pd_gold_estimate(s->n, s->logit, s->conditional, 1, s->gold);
    const double scale = pd_gold_balance(s->n, s->logit, s->conditional);
    pd_gold_estimate(s->n, s->logit, s->conditional, scale, s->balanced);
    return PD_OK;
}

static int predicted(const struct scores *s, int64_t i)
{
    const float *x = s->class_logits + i * s->classes;
    int best = 0;
    for (int k = 1; k < s->classes; k++)
        best = x[k] > x[best] ? k : best;
    return best;
}

/* Natural logarithms of the classes' probabilities. */
static const double *log_p_of(const struct scores *s, int64_t i)
{
    return s->log_p + i * s->classes;
}

/* What rows may be sorted by. */
static double certainty(const struct scores *s, int64_t i)
{
    return log_p_of(s, i)[predicted(s, i)];
}

static double logit(const struct scores *s, int64_t i)
{
    return (double)s->logit[i];
}

static double entropy(const struct scores *s, int64_t i)
{
    return s->entropy[i];
}

static double gold(const struct scores *s, int64_t i)
{
    return s->gold[i];
}

static double balanced(const struct scores *s, int64_t i)
{
    return s->balanced[i];
}

static const struct key {
    const char *name;
    double (*value)(const struct scores *s, int64_t i);
} keys[] = {
    {"p", certainty}, {"logit", logit}, {"entropy", entropy}, {"gold", gold}, {"gold_balanced", balanced}};
enum { KEYS = sizeof keys / sizeof keys[0] };

struct place {
    double value;
    int64_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    const int d = (x->value < y->value) - (x->value > y->value);
    return d ? d : (x->row > y->row) - (x->row < y->row);
}

/* The order of the rows, (n), owned. name "": as they are. */
static enum pd_status sort_rows(const struct scores *s, const char *name, struct place **order,
                                struct pd_error *err)
{
    *order = pd_calloc((size_t)s->n, sizeof **order);
    if (!*order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the order of %lld rows", (long long)s->n);
    for (int64_t i = 0; i < s->n; i++)
        (*order)[i].row = i;
    for (int k = 0; k < KEYS; k++)
        for (int64_t i = 0; !strcmp(name, keys[k].name) && i < s->n; i++)
            (*order)[i].value = keys[k].value(s, i);
    qsort(*order, (size_t)s->n, sizeof **order, by_value);
    return PD_OK;
}

static void write_names(struct pd_csv *csv, const struct scores *s, const struct pd_dataset *d, int64_t i,
                        bool probabilities)
{
    char name[4096];
    pd_csv_text(csv, pd_dataset_image_name(d, (uint32_t)i, name, sizeof name));
    pd_csv_text(csv, pd_dataset_class_name(d, predicted(s, i), name, sizeof name));
    pd_csv_real(csv, exp(certainty(s, i)));
    for (int k = 0; probabilities && k < s->classes; k++)
        pd_csv_real(csv, exp(log_p_of(s, i)[k]));
}

static void write_row(struct pd_csv *csv, const struct scores *s, int64_t i)
{
    const int32_t label = s->labels ? s->labels[i] : -1;
    pd_csv_integer(csv, i);
    if (label >= 0)
        pd_csv_integer(csv, label);
    else
        pd_csv_text(csv, "");
    pd_csv_real(csv, (double)s->logit[i]);
    if (label >= 0)
        pd_csv_real(csv, log_p_of(s, i)[label]);
    else
        pd_csv_text(csv, "");
    pd_csv_integer(csv, predicted(s, i));
    pd_csv_real(csv, s->entropy[i]);
    pd_csv_real(csv, s->gold[i]);
    pd_csv_real(csv, s->balanced[i]);
}

static void write_header(struct pd_csv *csv, const struct scores *s, const struct pd_dataset *d,
                         bool probabilities)
{
    static const char *const columns[] = {"index",     "label",   "logit", "log_p_class",
                                          "predicted", "entropy", "gold",  "gold_balanced",
                                          "image",     "class",   "p"};
    char name[PD_CLASS_NAME_SIZE], column[PD_CLASS_NAME_SIZE + 2];
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        pd_csv_text(csv, columns[i]);
    for (int k = 0; probabilities && k < s->classes; k++) {
        snprintf(column, sizeof column, "p_%s", pd_dataset_class_name(d, k, name, sizeof name));
        pd_csv_text(csv, column);
    }
    pd_csv_end_row(csv);
}

static enum pd_status write_table(const struct options *o, const struct scores *s, const struct pd_dataset *d,
                                  struct pd_error *err)
{
    struct place *order;
    struct pd_csv *csv;
    enum pd_status status = sort_rows(s, o->sort, &order, err);
    if (!status)
        status = pd_csv_create(o->out, &csv, err);
    if (status) {
        pd_free(order);
        return status;
    }
    write_header(csv, s, d, o->probabilities);
    for (int64_t i = 0; i < s->n; i++) {
        write_row(csv, s, order[i].row);
        write_names(csv, s, d, order[i].row, o->probabilities);
        pd_csv_end_row(csv);
    }
    status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    pd_free(order);
    return status;
}

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
    for (int i = 0; i < PICTURES; i++)
        if (*picture_path(&pictures[i], o) && !pictures[i].either && pictures[i].points != !!d->points)
            return pd_fail(err, PD_ERR_USAGE, -1, "--%s shows %s, and data set '%s' has %s", pictures[i].name,
                           kinds[pictures[i].points], d->name, kinds[!!d->points]);
    return PD_OK;
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

static enum pd_status check(const struct options *o, enum pd_split *split, struct pd_error *err)
{
    static const char *const splits[] = {[PD_SPLIT_TRAIN] = "train", [PD_SPLIT_TEST] = "test"};
    if (!o->out[0])
        return pd_fail(err, PD_ERR_USAGE, -1,
                       "--out is missing: the file for the scores, such as scores.csv");
    if (o->sort[0] &&
        pd_find_word("column to sort by", o->sort, &keys[0].name, KEYS, sizeof keys[0], err) < 0)
        return PD_ERR_USAGE;
    const int at = pd_find_word("split", o->split, splits, 2, sizeof splits[0], err);
    *split = (enum pd_split)at;
    return at < 0 ? PD_ERR_USAGE : PD_OK;
}

static void say_done(const char *path, const struct scores *s, const struct pd_gan *gan)
{
    char by[80];
    real_statistics(gan, by, sizeof by);
    say(stderr, "%s: scores of %lld image%s%s%s\n", path, (long long)s->n, pd_plural((size_t)s->n),
        by[0] ? ", " : "", by);
}

static enum pd_status score(const struct options *o, enum pd_split split, const char *folder,
                            struct pd_error *err)
{
    struct pd_run_model run;
    struct real real = {NULL, NULL, NULL, 0};
    struct scores s = {0};
    const bool own = !o->data[0] && !o->data_dir[0]; /* the run's data */
    enum pd_status status = pd_run_read(folder, (int)o->threads, &run, err);
    if (status)
        return status;
    if (o->recalibrate_given)
        run.options.recalibrate = o->recalibrate;
    const enum real_labels labels = !o->labels     ? REAL_UNLABELLED
                                    : o->by_number ? REAL_BY_NUMBER
                                                   : REAL_BY_NAME;
    status = real_open(&real, &run, o->data, o->data_dir, split, labels, err);
    if (split == PD_SPLIT_TEST)
        status = real_advise(status, "--split train scores the training images", err);
    if (!status)
        status = check_pictures(o, real.data, err);
    if (!status) {
        s = (struct scores){
            .n = real.count, .classes = run.gan->config.classes, .labels = o->labels ? real.labels : NULL};
        status = reserve(&s, err);
    }
    if (!status)
        status =
            real_recalibrate(&run, PD_ORIGIN_REAL, own && split == PD_SPLIT_TRAIN ? real.data : NULL, err);
    if (!status && s.logit && s.log_p)
        status = compute(&s, run.gan, real.images, err);
    if (!status && s.logit && s.log_p)
        status = write_table(o, &s, real.data, err);
    if (!status)
        say_done(o->out, &s, run.gan);
    const struct scene scene = {
        o, {real.data, s.n, NULL, s.classes, s.class_logits, s.logit, s.conditional, s.gold}, run.gan};
    if (!status)
        status = draw_pictures(&scene, err);
    release(&s);
    real_close(&real);
    pd_run_release(&run);
    return status;
}

enum pd_status command_score(int argc, char **argv, struct pd_error *err)
{
    struct options o = {.split = "test", .labels = true, .recalibrate = true, .columns = 10};
    const struct args_command command = {
        "score",  usage, about,
        examples, "RUN", {{table, sizeof table / sizeof table[0], &o}, {NULL, 0, NULL}}};
    enum pd_split split = PD_SPLIT_TEST;
    struct args args;
    enum pd_status status = args_parse(&command, argc, argv, &args, err);
    if (status || args.help)
        return status;
    status = args_need_operand(&command, &args, err);
    if (!status)
        status = check(&o, &split, err);
    o.recalibrate_given = args_is_given(&command, &args, "recalibrate");
    return status ? status : score(&o, split, args.operand, err);
}
