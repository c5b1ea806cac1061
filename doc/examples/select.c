/* Picks images to label from the logits of your own network: the public header and libpaydirt-core, nothing
 * else.
 *
 *     cc select.c $(pkg-config --cflags --libs paydirt-core) && ./a.out */
#include <paydirt/select.h>

#include <stdio.h>
#include <stdlib.h>

enum { IMAGES = 6, CLASSES = 3, BATCH = 2 };

/* What a discriminator said about six unlabelled images, before sigmoid and softmax. */
static const float logit[IMAGES] = {0.5F, 2.5F, -3.0F, 2.0F, 1.0F, -0.5F};
static const float class_logits[IMAGES][CLASSES] = {
    {4.0F, 0.0F, 0.0F},  /* surely class 0 */
    {0.2F, 0.1F, 0.0F},  /* could be anything, and looks real: worth a label */
    {1.0F, 1.0F, 1.0F},  /* could be anything, but looks made up */
    {0.0F, 3.0F, 2.9F},  /* class 1 or 2 */
    {0.0F, 0.0F, 9.0F},  /* surely class 2 */
    {0.0F, 6.0F, -1.0F}, /* surely class 1 */
};

static void check(enum pd_status status, const struct pd_error *err)
{
    if (status == PD_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(pd_status_exit_code(status));
}

int main(int argc, char **argv)
{
    const struct pd_pool pool = {
        .n = IMAGES, .classes = CLASSES, .logit = logit, .class_logits = class_logits[0]};
    struct pd_error err;
    double score[IMAGES];
    int64_t rows[BATCH];
    const struct pd_strategy *strategy = pd_strategy_find(argc > 1 ? argv[1] : "gold", &err);
    check(strategy ? PD_OK : PD_ERR_USAGE, &err);
    check(pd_strategy_score(strategy, &pool, false, 1, score, &err), &err);
    check(pd_select_top(IMAGES, score, BATCH, 1, rows, &err), &err);
    for (int i = 0; i < BATCH; i++)
        printf("image %d  score %.4f\n", (int)rows[i], score[rows[i]]);
    return 0;
}
