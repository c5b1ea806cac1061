/* Consistency on unlabelled reals: FixMatch's loss (Sohn et al. 2020, eq. 4) for D's classifier, with
 * distribution alignment (Berthelot et al. 2020, section 3.1). */
#include "gan/gan_parts.h"

#include "base/streams.h"
#include "engine/graph.h"

#define SHARPEN  1000 /* softmax of so many times log p is as good as one-hot of the likeliest class */
#define REMEMBER 0.99 /* of the classes' mean p from step to step */
#define RAREST   1e-6

/* log p, each class's divided by how often it has been guessed of late, of the unlabelled (N); (N, K). */
static struct pd_node *align(const struct pd_consistency *c, struct pd_node *log_p,
                             struct pd_node *unlabelled)
{
    const struct pd_shape s = pd_node_shape(log_p), row = pd_shape2(1, s.dim[1]);
    const double classes = (double)s.dim[1];
    struct pd_var *mean = pd_vars_get(c->gan->vars, "guesses/mean", row,
                                      (struct pd_init_spec){PD_INIT_CONSTANT, 1 / classes, 0});
    struct pd_node *of_late = pd_var_read(c->graph, mean);
    struct pd_node *n = pd_all_sum(pd_sum(unlabelled)),
                   *column = pd_reshape(unlabelled, pd_shape2(s.dim[0], 1));
    struct pd_node *now = pd_div(pd_all_sum(pd_sum_to(pd_mul(pd_exp(log_p), column), row)), pd_max(n, 1));
    struct pd_node *moved = pd_affine(pd_sub(now, of_late), 1 - REMEMBER, 0);
    pd_assign(mean, pd_add(of_late, pd_mul(pd_step(n), moved))); /* none is unlabelled: as it was */
    return pd_log_softmax(pd_sub(log_p, pd_log(pd_max(of_late, RAREST))));
}

struct pd_node *pd_consistency_loss(const struct pd_consistency *c, struct pd_node **sure)
{
    uint32_t stream = PD_STREAM_STEP_STRONG;
    struct pd_nn dis = c->dis;
    dis.frozen = true; /* what D stores is of images as they are */
    dis.stream = PD_STREAM_DROPOUT_STRONG;
    struct pd_node *changed = pd_nn_augment(c->images, c->options->augment, &stream);
    struct pd_node *said = pd_model_discriminate(&dis, &c->gan->config, changed).class_logits;
    struct pd_node *log_p = pd_log_softmax(pd_detach(c->class_logits));
    struct pd_node *unlabelled = pd_affine(pd_nn_row_sum(c->labels), -1, 1);
    if (c->options->align)
        log_p = align(c, log_p, unlabelled);
    struct pd_node *guess = pd_exp(pd_log_softmax(pd_affine(log_p, SHARPEN, 0)));
    struct pd_node *p = pd_nn_row_sum(pd_mul(guess, pd_exp(log_p))); /* (N): of the guess */
    struct pd_node *counts = pd_detach(pd_mul(unlabelled, pd_step(pd_affine(p, 1, -c->options->threshold))));
    struct pd_node *n = pd_sum(unlabelled);
    *sure = pd_nn_ratio(pd_sum(counts), n, 1);
    struct pd_node *each = pd_nn_cross_entropy_each(pd_log_softmax(said), pd_detach(guess));
    return pd_affine(pd_nn_ratio(pd_sum(pd_mul(counts, each)), n, 1), c->options->weight, 0);
}
