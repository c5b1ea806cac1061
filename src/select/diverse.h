#ifndef PD_SELECT_DIVERSE_H
#define PD_SELECT_DIVERSE_H

#include <paydirt/select.h>

/* pd_select_diverse once the candidates are known: their features (candidates, width), best score first.
 * chosen (k): places among them, in order of choice. PD_ERR_USAGE names a candidate by rows (candidates). */
enum pd_status pd_diverse_choose(enum pd_diversity method, int64_t candidates, const int64_t *rows,
                                 int64_t width, const float *features, int64_t k, uint64_t seed,
                                 int64_t *chosen, struct pd_error *err);

#endif
