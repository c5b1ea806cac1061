#include "train/options.h"

#include "base/buffer.h"
#include "base/words.h"
#include "io/file.h"

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX 9007199254740992.0 /* 2^53: whole in every JSON reader */

/* TEXT(name, default, metavar, help), FLAG(name, default, help), INT and REAL(name, default, least, most,
 * metavar, help). The values are the papers' and those of GOLD's public code. */
#define OPTIONS(TEXT, FLAG, INT, REAL)                                                                       \
    TEXT(data, "", "NAME", "data set ('paydirt data list' shows all)")                                       \
    TEXT(data_dir, "", "DIR", "folder with its files")                                                       \
    TEXT(model, "", "NAME", "network: infogan for images, mlp for 2-D points")                               \
    TEXT(out, "runs", "DIR", "folder in which the run's folder is made")                                     \
    INT(data_count, 0, 0, 100000000, "N", "images of a procedural data set; 0: its own number")              \
    INT(labels, 0, 0, 100000000, "N", "images whose label may be used, even over the classes; 0: all")       \
    INT(labels_per_batch, 0, 0, 65536, "N", "labelled images in every batch; 0: mixed as they come")         \
    FLAG(labelled_only, false, "train on the labelled images alone")                                         \
    FLAG(random_crop, false, "enlarge by a tenth and cut at random")                                         \
    FLAG(flip, false, "mirror half of the images")                                                           \
    INT(size, 0, 0, 1024, "N", "side of the images in pixels; 0: the data set's")                            \
    INT(z_dim, 0, 0, 65536, "N", "length of the noise vector; 0: the model's")                               \
    REAL(width, 1, 0.001, 100, "X", "factor on the widths of the model's layers")                            \
    INT(epochs, 20, 1, 1000000, "N", "passes over the data")                                                 \
    INT(batch, 128, 2, 65536, "N", "images in a batch")                                                      \
    INT(seed, 1, 0, SEED_MAX, "N", "seed of everything random")                                              \
    INT(min_epoch, 10000, 1, 100000000, "N", "images in an epoch at least; smaller sets are repeated")       \
    FLAG(gold, false, "re-weight the discriminator's losses by GOLD")                                        \
    REAL(gold_start, 0.5, 0, 1, "X", "fraction of the epochs before GOLD begins")                            \
    REAL(beta_d, 1, 0, 16, "X", "GOLD's exponent in the discriminator step")                                 \
    REAL(beta_g, 0, 0, 16, "X", "GOLD's exponent in the generator step")                                     \
    REAL(lambda_c, 0.1, 0, 1000, "X", "weight of the class loss on generated images")                        \
    FLAG(match_labels, false, "class loss on as many generated images as the batch has labels")              \
    REAL(lr, 2e-4, 1e-12, 10, "X", "Adam's learning rate")                                                   \
    REAL(adam_beta1, 0.5, 0, 0.999999, "X", "Adam's beta1")                                                  \
    REAL(adam_beta2, 0.999, 0, 0.999999, "X", "Adam's beta2")                                                \
    INT(threads, 0, 0, 1024, "N", "threads; 0: as many as the process may use")                              \
    INT(save_every, 10, 0, 1000000, "N", "minutes between checkpoints within an epoch; 0: none")             \
    INT(save_steps, 0, 0, 1000000000, "N", "steps between checkpoints within an epoch; 0: none")             \
    INT(grid_every, 1, 0, 1000000, "N", "epochs between sample grids; 0: none")

#define FIELD(name) offsetof(struct pd_train_options, name), sizeof(((struct pd_train_options *)NULL)->name)

static const struct pd_option table[] = {
#define TEXT_LINE(name, value, metavar, help) {#name, PD_OPTION_TEXT, FIELD(name), 0, 0, metavar, help},
#define FLAG_LINE(name, value, help)          {#name, PD_OPTION_BOOL, FIELD(name), 0, 1, NULL, help},
#define INT_LINE(name, value, least, most, metavar, help)                                                    \
    {#name, PD_OPTION_INT, FIELD(name), least, most, metavar, help},
#define REAL_LINE(name, value, least, most, metavar, help)                                                   \
    {#name, PD_OPTION_REAL, FIELD(name), least, most, metavar, help},
    OPTIONS(TEXT_LINE, FLAG_LINE, INT_LINE, REAL_LINE)};

enum { OPTION_COUNT = sizeof table / sizeof table[0] };

static const struct pd_train_options defaults = {
#define TEXT_VALUE(name, value, metavar, help)                .name = value,
#define FLAG_VALUE(name, value, help)                         .name = value,
#define NUMBER_VALUE(name, value, least, most, metavar, help) .name = value,
    OPTIONS(TEXT_VALUE, FLAG_VALUE, NUMBER_VALUE, NUMBER_VALUE)};

const struct pd_option *pd_train_option_table(int *count)
{
    *count = OPTION_COUNT;
    return table;
}

void pd_train_options_init(struct pd_train_options *o)
{
    *o = defaults;
}

/* --- any option of any struct --- */

static char *text_field(const struct pd_option *option, void *base)
{
    return (char *)base + option->offset;
}

static bool in_range(const struct pd_option *option, double x)
{
    return x >= option->least && x <= option->most; /* NaN is not */
}

static bool set_text(const struct pd_option *option, void *base, const char *value)
{
    if (strlen(value) >= option->size)
        return false;
    memmove(text_field(option, base), value, strlen(value) + 1);
    return true;
}

static bool set_bool(const struct pd_option *option, void *base, bool value)
{
    memcpy(text_field(option, base), &value, sizeof value);
    return true;
}

static bool set_int(const struct pd_option *option, void *base, int64_t value)
{
    if (!in_range(option, (double)value))
        return false;
    memcpy(text_field(option, base), &value, sizeof value);
    return true;
}

static bool set_real(const struct pd_option *option, void *base, double value)
{
    if (!in_range(option, value))
        return false;
    memcpy(text_field(option, base), &value, sizeof value);
    return true;
}

static bool parse(const struct pd_option *option, void *base, const char *value)
{
    char *end = NULL;
    bool yes = !strcmp(value, "true");
    errno = 0;
    if (option->type == PD_OPTION_TEXT)
        return set_text(option, base, value);
    if (option->type == PD_OPTION_BOOL)
        return (yes || !strcmp(value, "false")) && set_bool(option, base, yes);
    if (option->type == PD_OPTION_INT) {
        int64_t number = strtoll(value, &end, 10);
        return end != value && !*end && !errno && set_int(option, base, number);
    }
    double number = strtod(value, &end);
    return end != value && !*end && set_real(option, base, number);
}

static const char *expected(const struct pd_option *option, char *text, size_t size)
{
    if (option->type == PD_OPTION_TEXT)
        snprintf(text, size, "a text of at most %zu bytes", option->size - 1);
    else if (option->type == PD_OPTION_BOOL)
        snprintf(text, size, "true or false");
    else if (option->type == PD_OPTION_INT)
        snprintf(text, size, "a whole number from %.0f to %.0f", option->least, option->most);
    else
        snprintf(text, size, "a number from %g to %g", option->least, option->most);
    return text;
}

char *pd_option_flag(const struct pd_option *option, char *text, size_t size)
{
    snprintf(text, size, "%s", option->name);
    for (char *c = text; *c; c++)
        if (*c == '_')
            *c = '-';
    return text;
}

enum pd_status pd_option_set(const struct pd_option *option, void *base, const char *value,
                             struct pd_error *err)
{
    char flag[64], wanted[96];
    if (parse(option, base, value))
        return PD_OK;
    return pd_fail(err, PD_ERR_USAGE, -1, "%s%s '%.60s': expected %s", option->name[1] ? "--" : "-",
                   pd_option_flag(option, flag, sizeof flag), value, expected(option, wanted, sizeof wanted));
}

void pd_option_text(const struct pd_option *option, const void *base, char *text, size_t size)
{
    const char *field = (const char *)base + option->offset;
    int64_t integer;
    double real;
    bool flag;
    switch (option->type) {
    case PD_OPTION_TEXT:
        snprintf(text, size, "%s", field);
        break;
    case PD_OPTION_BOOL:
        memcpy(&flag, field, sizeof flag);
        snprintf(text, size, "%s", flag ? "true" : "false");
        break;
    case PD_OPTION_INT:
        memcpy(&integer, field, sizeof integer);
        snprintf(text, size, "%lld", (long long)integer);
        break;
    case PD_OPTION_REAL:
        memcpy(&real, field, sizeof real);
        snprintf(text, size, "%g", real);
        break;
    }
}

/* --- those of a training run --- */

/* '-' and '_' are the same. */
static const struct pd_option *find(const char *name)
{
    char flag[64], wanted[64];
    snprintf(wanted, sizeof wanted, "%s", name);
    for (char *c = wanted; *c; c++)
        if (*c == '_')
            *c = '-';
    for (int i = 0; i < OPTION_COUNT; i++)
        if (!strcmp(wanted, pd_option_flag(&table[i], flag, sizeof flag)))
            return &table[i];
    return NULL;
}

static enum pd_status unknown(const char *name, struct pd_error *err)
{
    const char *near = pd_nearest_word(name, &table[0].name, OPTION_COUNT, sizeof table[0]);
    return near ? pd_fail(err, PD_ERR_USAGE, -1, "unknown option '%.60s', did you mean '%s'?", name, near)
                : pd_fail(err, PD_ERR_USAGE, -1, "unknown option '%.60s'", name);
}

enum pd_status pd_train_options_set(struct pd_train_options *o, const char *name, const char *value,
                                    struct pd_error *err)
{
    const struct pd_option *option = find(name);
    return option ? pd_option_set(option, o, value, err) : unknown(name, err);
}

/* --- options.json --- */

static json_t *json_of(const struct pd_option *option, const void *base)
{
    const char *field = (const char *)base + option->offset;
    int64_t integer;
    double real;
    bool flag;
    switch (option->type) {
    case PD_OPTION_BOOL:
        memcpy(&flag, field, sizeof flag);
        return json_boolean(flag);
    case PD_OPTION_INT:
        memcpy(&integer, field, sizeof integer);
        return json_integer(integer);
    case PD_OPTION_REAL:
        memcpy(&real, field, sizeof real);
        return json_real(real);
    case PD_OPTION_TEXT:
        break;
    }
    return json_stringn(field, strlen(field)); /* NULL where it is not UTF-8 */
}

enum pd_status pd_train_options_write(const struct pd_train_options *o, const char *path,
                                      struct pd_error *err)
{
    enum pd_status status = PD_OK;
    char *text = NULL;
    json_t *all = json_object();
    for (int i = 0; i < OPTION_COUNT && status == PD_OK; i++)
        if (json_object_set_new(all, table[i].name, json_of(&table[i], o)))
            status = pd_fail(err, PD_ERR_USAGE, -1, "%s: option '%s' is not UTF-8", path, table[i].name);
    if (status == PD_OK)
        text = json_dumps(all, JSON_INDENT(2));
    if (text)
        status = pd_file_write_atomic(path, text, strlen(text), err);
    else if (status == PD_OK)
        status = pd_fail_memory(err, path);
    free(text);
    json_decref(all);
    return status;
}

static bool take(const struct pd_option *option, void *base, const json_t *value)
{
    switch (option->type) {
    case PD_OPTION_BOOL:
        return json_is_boolean(value) && set_bool(option, base, json_is_true(value));
    case PD_OPTION_INT:
        return json_is_integer(value) && set_int(option, base, json_integer_value(value));
    case PD_OPTION_REAL:
        return json_is_number(value) && set_real(option, base, json_number_value(value));
    case PD_OPTION_TEXT:
        break;
    }
    return json_is_string(value) && set_text(option, base, json_string_value(value));
}

static enum pd_status read_one(struct pd_train_options *o, const char *path, const char *key,
                               const json_t *value, struct pd_error *err)
{
    const struct pd_option *option = find(key);
    char wanted[96];
    if (option && take(option, o, value))
        return PD_OK;
    if (option)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: option '%s': expected %s", path, key,
                       expected(option, wanted, sizeof wanted));
    const char *near = pd_nearest_word(key, &table[0].name, OPTION_COUNT, sizeof table[0]);
    return pd_fail(err, PD_ERR_FORMAT, -1, "%s: unknown option '%.60s'%s%s%s", path, key,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

enum pd_status pd_train_options_read(struct pd_train_options *o, const char *path, struct pd_error *err)
{
    struct pd_buffer text = PD_BUFFER_INIT;
    struct pd_train_options read = defaults;
    json_t *all = NULL;
    const char *key;
    json_t *value;
    json_error_t where;
    enum pd_status status = pd_file_read(path, &text, err);
    if (status)
        goto cleanup;
    all = json_loadb(text.size ? text.data : "", text.size, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(all)) {
        status = pd_fail(err, PD_ERR_FORMAT, all ? 0 : where.position, "%s: expected a JSON object%s%s", path,
                         all ? "" : ": ", all ? "" : where.text);
        goto cleanup;
    }
    json_object_foreach(all, key, value)
    {
        status = read_one(&read, path, key, value, err);
        if (status)
            goto cleanup;
    }
    *o = read;
cleanup:
    json_decref(all);
    pd_buffer_release(&text);
    return status;
}
