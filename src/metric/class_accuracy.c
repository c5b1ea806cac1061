/* The accuracy of D's own classifier on real images: what whoever labels images gets. */
#include "metric/metric.h"

#include "base/mem.h"

enum { BLOCK = 1000 };

enum pd_status pd_metric_class_accuracy(const struct pd_metric_input *in, struct pd_metric_result *out,
                                        struct pd_error *err)
{
    const struct pd_labelled_images *real = in->real;
    const int64_t image = pd_metric_image_size(in);
    float *logits = pd_calloc(BLOCK, (size_t)(1 + in->classes) * sizeof *logits);
    enum pd_status status = logits ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for scores");
    for (int64_t at = 0; at < real->count && !status; at += BLOCK) {
        const int64_t n = real->count - at < BLOCK ? real->count - at : BLOCK;
        float *class_logits = logits + BLOCK;
        status =
            in->scorer->score(in->scorer->context, real->images + at * image, n, logits, class_logits, err);
        if (!status)
            status = pd_confusion_add(n, in->classes, class_logits, real->labels + at, in->confusion, err);
    }
    out->value = pd_confusion_accuracy(in->classes, in->confusion);
    pd_free(logits);
    return status;
}
