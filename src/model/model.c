#include "model/model.h"

#include "base/words.h"

#include <stdio.h>
#include <string.h>

#define PD_MODEL(model) extern const struct pd_model model;
#include "model/models.h"
#undef PD_MODEL

static const struct pd_model *const table[] = {
#define PD_MODEL(model) &model,
#include "model/models.h"
#undef PD_MODEL
};
#define COUNT ((int)(sizeof table / sizeof *table))

const struct pd_model *pd_model_at(int index)
{
    return index < COUNT ? table[index] : NULL;
}

const struct pd_model *pd_model_find(const char *name, struct pd_error *err)
{
    const char *names[COUNT];
    for (int i = 0; i < COUNT; i++)
        names[i] = table[i]->name;
    const int at = pd_find_word("model", name, names, COUNT, sizeof names[0], err);
    return at < 0 ? NULL : table[at];
}

const struct pd_loss *pd_model_loss(const struct pd_model *model, const char *name, struct pd_error *err)
{
    return *name ? pd_loss_find(name, err) : pd_loss_at((int)model->loss);
}

const char *pd_default_model(int channels, int size)
{
    return size == 0 ? "mlp" : channels == 1 ? "infogan" : "dcgan";
}

enum pd_status pd_model_check_size(const struct pd_model *model, int size, struct pd_error *err)
{
    if (model->points != (size == 0))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "model '%s' is for %s, and the data are %s", model->name,
                       model->points ? "2-D points" : "images", size ? "images" : "2-D points");
    if (size && size % model->size_step)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "model '%s' makes images whose size is a multiple of %d, not %d", model->name,
                       model->size_step, size);
    return PD_OK;
}

enum pd_status pd_model_check_dropout(const struct pd_model *model, struct pd_error *err)
{
    char names[128] = "";
    if (model->dropout)
        return PD_OK;
    for (int i = 0; i < COUNT; i++)
        if (table[i]->dropout)
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "",
                     table[i]->name);
    return pd_hint(err,
                   pd_fail(err, PD_ERR_USAGE, -1,
                           "model '%s' has no dropout, by which passes of its D would differ (strategy "
                           "'bald'): expected one that has, %s",
                           model->name, names),
                   "model");
}

enum pd_status pd_model_configure(const struct pd_model *model, int channels, int size, int classes,
                                  int z_dim, double width, struct pd_model_config *out, struct pd_error *err)
{
    enum pd_status status = pd_model_check_size(model, size, err);
    if (status)
        return status;
    if (classes < 1)
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "the data have neither labels nor classes: name the classes (a folder of "
                               "images), put an array of labels in (an .npz)"),
                       "classes");
    if (z_dim == 0)
        z_dim = model->z_dim;
    *out = (struct pd_model_config){model, channels, size, classes, z_dim, {0}};
    for (int i = 0; i < PD_MAX_WIDTHS; i++) {
        out->widths[i] = (int)(model->widths[i] * width + 0.5);
        if (model->widths[i] && out->widths[i] < 1)
            return pd_fail(err, PD_ERR_USAGE, -1, "width %g leaves a layer of model '%s' empty", width,
                           model->name);
    }
    return PD_OK;
}

struct pd_node *pd_model_generate(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *z,
                                  struct pd_node *onehot)
{
    return c->model->generator(nn, c, pd_concat(z, onehot, 1));
}

struct pd_node *pd_model_head(struct pd_nn *nn, const struct pd_model_config *c, const char *name,
                              struct pd_node *features, int out)
{
    const int flags = PD_NN_BIAS | (c->model->spectral_heads ? PD_NN_SPECTRAL : 0);
    return pd_nn_dense(nn, name, features, out, flags);
}

struct pd_heads pd_model_discriminate(struct pd_nn *nn, const struct pd_model_config *c, struct pd_node *x)
{
    struct pd_node *features = c->model->trunk(nn, c, x);
    struct pd_node *logit = pd_model_head(nn, c, "logit", features, 1);
    return (struct pd_heads){
        .logit = pd_reshape(logit, pd_shape1(pd_node_shape(x).dim[0])),
        .class_logits = pd_model_head(nn, c, "class", features, c->classes),
        .features = features,
    };
}
