/* GAN-test (Shmelkov et al. 2018; ALCG figures 7 to 10): a classifier trained on real images, measured on
 * generated ones: how often a sample looks like its class. */
#include "metric/trained.h"

#include <string.h>

struct judge {
    struct pd_trained *classifier;
    int64_t *confusion;
};

static enum pd_status judge(void *context, const float *images, const int32_t *labels, int64_t n,
                            struct pd_error *err)
{
    const struct judge *j = context;
    return pd_trained_judge(j->classifier, images, labels, n, j->confusion, err);
}

enum pd_status pd_metric_gan_test(const struct pd_metric_input *in, struct pd_metric_result *out,
                                  struct pd_error *err)
{
    struct judge j = {.confusion = in->confusion};
    enum pd_status status = pd_trained_on_reals(in, &j.classifier, err);
    if (!status)
        status = judge(&j, in->real->images, in->real->labels, in->real->count, err);
    pd_metric_add(out, "real_accuracy", pd_confusion_accuracy(in->classes, in->confusion));
    memset(in->confusion, 0, (size_t)in->classes * (size_t)in->classes * sizeof *in->confusion);
    if (!status)
        status = pd_metric_each_batch(in, judge, &j, err);
    out->value = pd_confusion_accuracy(in->classes, in->confusion);
    pd_trained_give_back(in, j.classifier);
    return status;
}
