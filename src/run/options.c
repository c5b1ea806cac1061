#include "run/options.h"

#define SEED_MAX 9007199254740992.0 /* 2^53: whole in every JSON reader */

/* As run/option.h takes them. The values are the papers' and those of GOLD's public code. */
#define OPTIONS(TEXT, FLAG, INT, REAL)                                                                       \
    TEXT(data, "", "NAME",                                                                                   \
         "data set ('paydirt data list' shows all), a folder, zip or tar of images, an .npz")                \
    TEXT(data_dir, "", "DIR", "folder with its files")                                                       \
    TEXT(classes, "", "LIST",                                                                                \
         "classes of a folder of images, such as cat,dog,bird; of an .npz: names of their numbers")          \
    TEXT(metadata, "", "FILE", "labels of a folder of images: CSV, JSON lines, COCO or CVAT")                \
    TEXT(metadata_columns, "", "LIST", "its columns, IMAGE,LABEL[,SPLIT]; by default the usual names")       \
    FLAG(cache, true, "decode a large folder's images at every opening, not once into a file")               \
    TEXT(cache_dir, "", "DIR", "folder for such files; by default paydirt's in the user's cache folder")     \
    TEXT(model, "", "NAME", "network ('help train' lists them); by default the one that suits the data")     \
    TEXT(out, "runs", "DIR", "folder in which the run's folder is made")                                     \
    INT(data_count, 0, 0, 100000000, "N",                                                                    \
        "training images; of real sets that many, drawn by data-seed; 0: all")                               \
    INT(data_seed, 0, 0, SEED_MAX, "N",                                                                      \
        "seed of procedural data and of drawn images (0: standard), and of drawn labels (0: the seed's)")    \
    INT(labels, 0, 0, 100000000, "N", "images whose label may be used, even over the classes; 0: all")       \
    TEXT(label_file, "", "FILE", "CSV with image,label (or Label Studio's export): these labels only")       \
    INT(labels_per_batch, 0, 0, 65536, "N", "labelled images in every batch; 0: mixed as they come")         \
    FLAG(natural_share, false, "labelled images count in D's real/fake loss as in the data, not the batch")  \
    FLAG(sync_statistics, false, "batch norm sees the parts of all ranks (mpirun, srun) as one batch")       \
    FLAG(labelled_only, false, "train on the labelled images alone")                                         \
    FLAG(random_crop, false, "enlarge by a tenth and cut at random")                                         \
    FLAG(flip, false, "mirror half of the images")                                                           \
    INT(size, 0, 0, 1024, "N", "side of the images in pixels; 0: the data set's")                            \
    INT(z_dim, 0, 0, 65536, "N", "length of the noise vector; 0: the model's")                               \
    REAL(width, 1, 0.001, 100, "X", "factor on the widths of the model's layers")                            \
    INT(epochs, 20, 1, 1000000, "N", "passes over the data")                                                 \
    INT(batch, 128, 2, 65536, "N", "images in a batch")                                                      \
    INT(seed, 1, 0, SEED_MAX, "N", "seed of everything random but which images are drawn or made")           \
    INT(min_epoch, 10000, 1, 100000000, "N", "images in an epoch at least; smaller sets are repeated")       \
    FLAG(partial_batch, false, "keep what is left of an epoch's images, two or more, as a smaller batch")    \
    FLAG(gold, false, "re-weight the discriminator's losses by GOLD")                                        \
    REAL(gold_start, 0.5, 0, 1, "X", "fraction of the epochs before GOLD begins")                            \
    REAL(beta_d, 1, 0, 16, "X", "GOLD's exponent in the discriminator step")                                 \
    REAL(beta_g, 0, 0, 16, "X", "GOLD's exponent in the generator step")                                     \
    FLAG(gold_balanced, false, "GOLD's two terms weighed by their standard deviations")                      \
    FLAG(gold_normalised, false, "GOLD's weights divided by their mean size")                                \
    REAL(gold_clip, 0, 0, 1e9, "X", "largest size of a GOLD weight; 0: any")                                 \
    FLAG(gold_broadcast, false,                                                                              \
         "GOLD's real/fake loss is mean(loss) * mean(weight), not mean(weight * loss)")                      \
    REAL(gold_epsilon, 0, 0, 1, "X", "added to a class's probability before GOLD takes its logarithm")       \
    FLAG(separate_forwards, false,                                                                           \
         "forward passes of their own for GOLD's weights and for the generator's step")                      \
    INT(adversarial, 1, 1, 64, "N", "candidates for each generated sample; the most real are trained on")    \
    REAL(lambda_c, 0.1, 0, 1000, "X", "weight of the class loss on generated images")                        \
    FLAG(fake_confidence, false, "generated images count in D's class loss by D's p of the class asked for") \
    FLAG(class_losses, true, "D and G learn no classes, real and fake alone")                                \
    REAL(mutual_information, 0, 0, 1000, "X",                                                                \
         "InfoGAN: where no label is looked at, weight of telling generated images' classes apart")          \
    FLAG(match_labels, false, "class loss on as many generated images as the batch has labels")              \
    TEXT(loss, "", "NAME", "of the logit: gan, wgan-gp or hinge; by default the model's")                    \
    INT(critic_steps, 0, 0, 1000, "N", "discriminator steps for each of the generator; 0: the loss's")       \
    REAL(lr, 0, 0, 10, "X", "Adam's learning rate; 0: the loss's")                                           \
    REAL(adam_beta1, -1, -1, 0.999999, "X", "Adam's beta1; -1: the loss's")                                  \
    REAL(adam_beta2, -1, -1, 0.999999, "X", "Adam's beta2; -1: the loss's")                                  \
    REAL(ema, 0, 0, 0.999999, "X", "samples from averaged weights of the generator; their decay, 0: none")   \
    REAL(ema_d, 0, 0, 0.999999, "X",                                                                         \
         "scores from averaged weights of the discriminator; their decay, 0: none")                          \
    REAL(consistency, 0, 0, 1000, "X",                                                                       \
         "weight of the class loss on unlabelled images, by D's own guesses; 0: none")                       \
    TEXT(strong_augment, "translation,cutout", "LIST",                                                       \
         "how such an image is changed before D must guess the same: as diffaug")                            \
    REAL(threshold, 0.95, 0, 1, "X", "probability above which a guess counts")                               \
    FLAG(align, false, "weigh guesses so that every class is guessed as often")                              \
    REAL(guess_ramp, 0, 0, 1, "X", "fraction of the epochs in which that loss comes to its weight")          \
    REAL(rotation, 0, 0, 1000, "X",                                                                          \
         "weight in D's loss of telling by how much real images were turned; 0: none")                       \
    REAL(rotation_g, 0.2, 0, 1000, "X",                                                                      \
         "with it, the weight of the same of generated images in the generator's loss")                      \
    TEXT(diffaug, "", "LIST", "differentiable augmentation: color,translation,cutout")                       \
    REAL(top_k, 1, 0.01, 1, "X", "fraction of fakes that the generator learns from in the end; 1: all")      \
    FLAG(recalibrate, true, "let D score by its running batch-norm statistics, over reals and fakes")        \
    TEXT(generator, "", "FILE", "checkpoint whose generator to start from")                                  \
    INT(validation, 0, 0, 100000000, "N", "images held out to find the best epoch; 0: none")                 \
    INT(validate_every, 10, 1, 1000000, "N", "epochs between measurements on them")                          \
    INT(validation_epochs, 40, 1, 100000, "N", "epochs of the classifier that measures")                     \
    TEXT(best, "fitting-capacity", "METRIC", "what the best epoch is best in, or class-accuracy")            \
    FLAG(keep_last, false, "measure on the images held out, but keep the last epoch, not the best")          \
    INT(eval_every, 0, 0, 1000000, "N", "epochs between measurements on the test split; 0: none")            \
    TEXT(metrics, "class-accuracy", "LIST", "what is measured then ('help eval' lists them)")                \
    TEXT(weights, "", "FILE", "Inception's weights, for is, fid, kid, prd, pr, dc")                          \
    INT(eval_images, 10000, 2, 10000000, "N", "samples that Inception sees then")                            \
    INT(eval_epochs, 40, 1, 100000, "N", "epochs of the classifiers that metrics train then")                \
    INT(threads, 0, 0, 1024, "N", "threads; 0: as many as the process may use")                              \
    TEXT(device, "cpu", "NAME", "where networks compute: cpu, cuda, cuda:1, auto ('paydirt devices')")       \
    TEXT(precision, "fp32", "NAME", "of a GPU's products and convolutions: fp32, tf32, bf16")                \
    INT(save_every, 10, 0, 1000000, "N", "minutes between checkpoints within an epoch; 0: none")             \
    INT(save_steps, 0, 0, 1000000000, "N", "steps between checkpoints within an epoch; 0: none")             \
    INT(grid_every, 1, 0, 1000000, "N", "epochs between sample grids; 0: none")

#define OPTIONS_OF struct pd_train_options
static const struct pd_option table[] = {OPTIONS(PD_TEXT_LINE, PD_FLAG_LINE, PD_INT_LINE, PD_REAL_LINE)};

enum { OPTION_COUNT = sizeof table / sizeof table[0] };

static const struct pd_train_options defaults = {
    OPTIONS(PD_OPTION_DEFAULT, PD_OPTION_DEFAULT, PD_OPTION_DEFAULT, PD_OPTION_DEFAULT)};

const struct pd_option *pd_train_option_table(int *count)
{
    *count = OPTION_COUNT;
    return table;
}

void pd_train_options_init(struct pd_train_options *o)
{
    *o = defaults;
}

struct pd_option_table pd_train_options_table(struct pd_train_options *o)
{
    return (struct pd_option_table){table, OPTION_COUNT, o};
}

enum pd_status pd_train_options_set(struct pd_train_options *o, const char *name, const char *value,
                                    struct pd_error *err)
{
    const struct pd_option_table t = pd_train_options_table(o);
    return pd_option_set_by_name(&t, name, value, err);
}

enum pd_status pd_train_options_write(const struct pd_train_options *o, const char *path,
                                      struct pd_error *err)
{
    struct pd_train_options copy = *o;
    const struct pd_option_table t = pd_train_options_table(&copy);
    return pd_option_table_write(&t, path, err);
}

enum pd_status pd_train_options_read(struct pd_train_options *o, const char *path, struct pd_error *err)
{
    struct pd_train_options read = defaults;
    const struct pd_option_table t = pd_train_options_table(&read);
    enum pd_status status = pd_option_table_read(&t, path, err);
    if (!status)
        *o = read;
    return status;
}
