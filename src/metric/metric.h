/* Metrics (paydirt/metric.h), and what they share. A new one is a file and a line in metrics.def
 * (doc/add-a-metric.md).
 *
 * A metric sees plain arrays and callbacks, no networks: whoever measures looks at what it needs and lends
 * that. */
#ifndef PD_METRIC_METRIC_H
#define PD_METRIC_METRIC_H

#include <paydirt/graph.h>
#include <paydirt/metric.h>

/* Numbers of one image, or point. */
int64_t pd_metric_image_size(const struct pd_metric_input *in);

/* A number beside the value: what no metric has more of than PD_METRIC_NUMBERS allow. */
void pd_metric_add(struct pd_metric_result *out, const char *key, double value);
void pd_metric_add_count(struct pd_metric_result *out, const char *key, int64_t count);

/* Appends to the note where a covariance of so many samples says little. count 0: not known; what: "real". */
void pd_metric_note_few(struct pd_metric_result *out, int64_t count, int64_t width, const char *what);

/* Counts of n labels (rows) and the classes at which logits (n, classes) are largest, of equal ones the first
 * (columns). PD_ERR_MISMATCH: a logit that is not finite, of a network that diverged. */
enum pd_status pd_confusion_add(int64_t n, int classes, const float *logits, const int32_t *labels,
                                int64_t *confusion, struct pd_error *err);
double pd_confusion_accuracy(int classes, const int64_t *confusion); /* NAN: nothing was counted */

#endif
