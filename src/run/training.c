/* Training for other programs (paydirt/train.h), and what they open. */
#include "base/mem.h"
#include "base/pass_on.h"
#include "run/run.h"

#include <paydirt/train.h>

struct pd_training {
    struct pd_train_options options;
};

enum pd_status pd_training_create(struct pd_training **out, struct pd_error *err)
{
    *out = pd_calloc(1, sizeof **out);
    if (!*out)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for options");
    pd_train_options_init(&(*out)->options);
    return PD_OK;
}

void pd_training_destroy(struct pd_training *t)
{
    pd_free(t);
}

enum pd_status pd_training_set(struct pd_training *t, const char *option, const char *value,
                               struct pd_error *err)
{
    struct pd_train_options changed = t->options;
    enum pd_status status = pd_train_options_set(&changed, option, value, err);
    if (!status)
        status = pd_setup_check_names(&changed, err);
    if (!status)
        t->options = changed;
    return status;
}

struct pd_option_table pd_training_options(struct pd_training *t)
{
    return pd_train_options_table(&t->options);
}

const char *pd_training_model(int index, const char **summary)
{
    const struct pd_model *model = pd_model_at(index);
    if (model)
        *summary = model->summary;
    return model ? model->name : NULL;
}

static const struct pd_training_watch nobody;

enum pd_status pd_training_run(const struct pd_training *t, struct pd_dataset *data,
                               const struct pd_training_watch *watch, struct pd_gan **out,
                               struct pd_error *err)
{
    *out = NULL;
    if (!data)
        return pd_fail(err, PD_ERR_USAGE, -1, "no data: expected a data set");
    return pd_run_in_memory(&t->options, data, watch ? watch : &nobody, out, err);
}

enum pd_status pd_run_start(const struct pd_training *t, const struct pd_training_watch *watch, char *folder,
                            size_t size, struct pd_error *err)
{
    struct pd_train_options o = t->options;
    pd_run_pin(&o);
    return pd_run_train(&o, watch ? watch : &nobody, folder, size, err);
}

/* --- what others have trained --- */

enum pd_status pd_gan_open(const char *run, int threads, struct pd_gan **out, struct pd_error *err)
{
    struct pd_run_model m;
    *out = NULL;
    enum pd_status status = pd_run_read(run, &(struct pd_where){.threads = threads}, &m, err);
    if (status)
        return status;
    struct pd_error why;
    if (pd_run_recalibrate(&m, PD_ORIGIN_REAL, NULL, NULL, &why) == PD_ERR_MEMORY) {
        pd_run_release(&m);
        return pd_pass_on(&why, err);
    }
    *out = m.gan;
    return PD_OK;
}
