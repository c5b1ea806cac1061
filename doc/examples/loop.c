/* A loop of one's own: train, score what has no label, choose, label, again.
 *
 *     cc loop.c $(pkg-config --cflags --libs paydirt) && ./a.out */
#include <paydirt/score.h>
#include <paydirt/select.h>
#include <paydirt/train.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS = 400, CLASSES = 2, ROUNDS = 3, QUERY = 4 };

static void check(enum pd_status status, const struct pd_error *err)
{
    if (status == PD_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(pd_status_exit_code(status));
}

/* A network trained on the points whose label is known (the others are learnt from, too). */
static struct pd_gan *train(const float *at, const int32_t *known, struct pd_error *err)
{
    const struct pd_data_arrays arrays = {
        .n = POINTS, .channels = 2, .height = 1, .width = 1, .f32 = at, .labels = known, .classes = CLASSES};
    struct pd_training *training;
    struct pd_dataset *data;
    struct pd_gan *gan;
    check(pd_dataset_from_arrays(&arrays, &data, err), err);
    check(pd_training_create(&training, err), err);
    check(pd_training_set(training, "width", "0.125", err), err);
    check(pd_training_set(training, "min-epoch", "2000", err), err);
    check(pd_training_set(training, "epochs", "3", err), err);
    check(pd_training_run(training, data, NULL, &gan, err), err);
    pd_training_destroy(training);
    pd_dataset_destroy(data);
    return gan;
}

int main(void)
{
    static float at[POINTS][2], logit[POINTS], class_logits[POINTS][CLASSES];
    static double score[POINTS];
    int32_t known[POINTS];
    int64_t rows[POINTS];
    struct pd_error err;
    for (int i = 0; i < POINTS; i++) { /* two arcs; one point of each is labelled at first */
        at[i][0] = (float)(cos(i * 0.0157) + i % 2), at[i][1] = (float)(sin(i * 0.0157) * (i % 2 ? -1 : 1));
        known[i] = i < CLASSES ? i % 2 : -1;
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct pd_gan *gan = train(at[0], known, &err);
        check(pd_score(gan, PD_ORIGIN_REAL, at[0], POINTS, logit, class_logits[0], &err), &err);
        const struct pd_pool pool = {
            .n = POINTS, .classes = CLASSES, .logit = logit, .class_logits = class_logits[0]};
        check(pd_strategy_score(pd_strategy_find("gold", &err), &pool, false, 1, score, &err), &err);
        for (int i = 0; i < POINTS; i++)
            score[i] = known[i] < 0 ? score[i] : -INFINITY; /* what has a label is not asked again */
        check(pd_select_top(POINTS, score, QUERY, 1, rows, &err), &err);
        for (int q = 0; q < QUERY; q++)
            known[rows[q]] = (int32_t)(rows[q] % 2); /* you would look at it */
        printf("round %d: asked %d %d %d %d\n", round, (int)rows[0], (int)rows[1], (int)rows[2],
               (int)rows[3]);
        pd_gan_destroy(gan);
    }
    return 0;
}
