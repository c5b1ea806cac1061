#include "run/recalibrate.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/streams.h"
#include "data/transform.h"
#include "gan/gan_parts.h"
#include "gan/source.h"

#include <paydirt/score.h>

#include <errno.h>
#include <stdio.h>

/* So many images at most: their sampling error is far below that of a batch of training. */
enum { BATCH = 100, REALS = 10000, FAKES = 5000, SEED = 1 };

/* --- real images --- */

struct training_images {
    const struct pd_dataset *data;
    const uint32_t *order;
    int size; /* 0: points */
};

static enum pd_status next(void *context, uint64_t i, int64_t n, float *images, int32_t *labels,
                           struct pd_error *err)
{
    const struct training_images *t = context;
    (void)labels;
    pd_dataset_let_go(t->data);
    return pd_transform_eval(t->data, t->order + i * BATCH, (uint32_t)n, t->size, images, err);
}

enum pd_status pd_recalibrate_on(struct pd_gan *gan, const struct pd_dataset *data, struct pd_error *err)
{
    const struct pd_rng rng = {SEED, PD_STREAM_STATISTICS, 0};
    uint32_t *order = pd_malloc(data->count * sizeof *order);
    struct training_images t = {data, order, gan->config.size};
    const struct pd_sample_source source = {&t, next};
    if (!order)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u images", data->count);
    pd_rng_permutation(&rng, data->count, order);
    enum pd_status status = pd_gan_recalibrate(gan, PD_ORIGIN_REAL, &source,
                                               data->count < REALS ? data->count : REALS, BATCH, err);
    pd_free(order);
    return status;
}

enum pd_status pd_measure_now(struct pd_gan *gan, const struct pd_dataset *data, bool recalibrate,
                              const struct pd_metric *metric, const struct pd_metric_input *in,
                              struct pd_metric_result *out, struct pd_error *err)
{
    enum pd_status status =
        recalibrate && metric->needs & PD_NEEDS_SCORES ? pd_recalibrate_on(gan, data, err) : PD_OK;
    if (!status)
        status = pd_gan_measure(gan, metric, in, out, err);
    gan->statistics[PD_ORIGIN_REAL] = 0;
    return status;
}

/* training: NULL: opened here. */
static enum pd_status over_training_images(struct pd_run_model *m, const struct pd_dataset *training,
                                           const struct pd_data_watch *watch, struct pd_error *err)
{
    struct pd_dataset *opened = NULL;
    enum pd_status status =
        training ? PD_OK : pd_run_dataset_again(&m->options, m->folder, false, watch, &opened, err);
    if (!training)
        training = opened;
    if (!status)
        status = pd_run_check_fit(training, &m->gan->config, err);
    if (!status)
        status = pd_recalibrate_on(m->gan, training, err);
    pd_dataset_destroy(opened);
    return status;
}

/* --- generated ones --- */

static enum pd_status over_fakes(struct pd_gan *gan, struct pd_error *err)
{
    struct pd_gan_source *made;
    enum pd_status status = pd_gan_source_create(gan, BATCH, SEED, &made, err);
    if (status)
        return status;
    const struct pd_sample_source source = pd_gan_sample_source(made);
    status = pd_gan_recalibrate(gan, PD_ORIGIN_FAKE, &source, FAKES, BATCH, err);
    pd_gan_source_destroy(made);
    return status;
}

/* --- for other programs --- */

enum pd_status pd_recalibrate(struct pd_gan *gan, enum pd_origin origin, const struct pd_dataset *data,
                              struct pd_error *err)
{
    enum pd_status status = pd_gan_enter(gan, origin, 0, err);
    if (status)
        return status;
    if (!data != (origin == PD_ORIGIN_FAKE))
        status = pd_fail(err, PD_ERR_USAGE, -1,
                         data ? "data for fakes, which the generator makes: expected none"
                              : "no data for reals: expected a data set");
    if (!status && data)
        status = pd_run_check_fit(data, &gan->config, err);
    if (!status)
        status = data ? pd_recalibrate_on(gan, data, err) : over_fakes(gan, err);
    pd_gan_leave(gan);
    return status;
}

/* --- of a run --- */

/* As the run's folder keeps them, where it does. They are derived: a file that cannot be read is as good as
 * none, and m->note says so. PD_ERR_MEMORY. */
static enum pd_status load_kept(struct pd_run_model *m, struct pd_error *err)
{
    char path[PD_PATH_SIZE];
    struct pd_error why;
    enum pd_status status = pd_run_folder_statistics(m->folder, path, err);
    if (status)
        return status;
    status = pd_gan_load_statistics(m->gan, path, &why);
    if (status == PD_ERR_MEMORY)
        return pd_fail(err, status, -1, "%s", why.message);
    if (status && why.code != ENOENT)
        snprintf(m->note, sizeof m->note, "%s: measured anew", why.message);
    return PD_OK;
}

static void keep(struct pd_run_model *m)
{
    char path[PD_PATH_SIZE];
    struct pd_error why;
    if (pd_run_folder_statistics(m->folder, path, &why) || pd_gan_save_statistics(m->gan, path, &why))
        snprintf(m->note, sizeof m->note, "%s: next time they are measured anew", why.message);
}

enum pd_status pd_run_recalibrate(struct pd_run_model *m, enum pd_origin origin,
                                  const struct pd_dataset *training, const struct pd_data_watch *watch,
                                  struct pd_error *err)
{
    enum pd_status status = PD_OK;
    m->note[0] = '\0';
    if ((unsigned)origin >= PD_ORIGINS)
        return pd_fail(err, PD_ERR_USAGE, -1, "origin %d, expected PD_ORIGIN_REAL or PD_ORIGIN_FAKE",
                       (int)origin);
    if (!m->options.recalibrate || !pd_gan_has_batch_norm(m->gan))
        return PD_OK;
    if (!m->gan->statistics[origin])
        status = load_kept(m, err);
    if (status || m->gan->statistics[origin])
        return status;
    status =
        origin == PD_ORIGIN_FAKE ? over_fakes(m->gan, err) : over_training_images(m, training, watch, err);
    if (!status)
        keep(m);
    return status;
}
