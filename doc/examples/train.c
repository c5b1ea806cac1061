/* Trains on arrays and samples: no file is read or written.
 *
 *     cc train.c $(pkg-config --cflags --libs paydirt) && ./a.out */
#include <paydirt/sample.h>
#include <paydirt/train.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 64, SIDE = 32, PIXELS = SIDE * SIDE, CLASSES = 2, KNOWN = 8 };

static void check(enum pd_status status, const struct pd_error *err)
{
    if (status == PD_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(pd_status_exit_code(status));
}

static void tell(void *context, const struct pd_training_epoch *e)
{
    fprintf((FILE *)context, "epoch %d of %d: mean d %.3f\n", (int)e->epoch, (int)e->epochs, e->mean_d);
}

int main(void)
{
    static uint8_t pixels[IMAGES][PIXELS];
    static float made[CLASSES][PIXELS];
    int32_t labels[IMAGES], wanted[CLASSES] = {0, 1};
    for (int i = 0; i < IMAGES; i++) { /* class 0 is bright above, class 1 below; few labels are known */
        memset(pixels[i] + (i % 2) * PIXELS / 2, 100 + 2 * i, PIXELS / 2);
        labels[i] = i < KNOWN ? i % 2 : -1;
    }
    const struct pd_data_arrays arrays = {.n = IMAGES,
                                          .channels = 1,
                                          .height = SIDE,
                                          .width = SIDE,
                                          .u8 = pixels[0],
                                          .labels = labels,
                                          .classes = CLASSES};
    const char *const options[][2] = {{"model", "infogan"}, {"width", "0.0625"}, {"epochs", "2"},
                                      {"min-epoch", "128"}, {"batch", "16"},     {"gold", "true"}};
    const struct pd_training_watch watch = {.context = stdout, .epoch = tell};
    struct pd_error err;
    struct pd_dataset *data;
    struct pd_training *training;
    struct pd_gan *gan;
    check(pd_dataset_from_arrays(&arrays, &data, &err), &err);
    check(pd_training_create(&training, &err), &err);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        check(pd_training_set(training, options[i][0], options[i][1], &err), &err);
    check(pd_training_run(training, data, &watch, &gan, &err), &err);
    check(pd_generate(gan, CLASSES, wanted, NULL, 1, made[0], &err), &err);
    for (int k = 0; k < CLASSES; k++)
        printf("a sample of class %d: its first pixel is %.2f\n", k, made[k][0]);
    pd_gan_destroy(gan);
    pd_training_destroy(training);
    pd_dataset_destroy(data);
    return 0;
}
