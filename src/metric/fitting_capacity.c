/* Fitting capacity (GAN-train): a classifier trained on generated samples alone, measured on real images
 * (Ravuri & Vinyals 2019; GOLD section 4). */
#include "metric/trained.h"

enum pd_status pd_metric_fitting_capacity(const struct pd_metric_input *in, struct pd_metric_result *out,
                                          struct pd_error *err)
{
    struct pd_trained *classifier;
    enum pd_status status = pd_trained_create(in, in->samples, &classifier, err);
    if (!status)
        status = pd_trained_judge(classifier, in->real->images, in->real->labels, in->real->count,
                                  in->confusion, err);
    out->value = pd_confusion_accuracy(in->classes, in->confusion);
    pd_trained_destroy(classifier);
    return status;
}
