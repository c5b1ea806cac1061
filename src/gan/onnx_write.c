/* Networks as ONNX models (paydirt/onnx.h). */
#include "base/mem.h"
#include "gan/onnx_walk.h"
#include "io/json.h"

#include <paydirt/onnx.h>

#include <stdio.h>
#include <stdlib.h>

/* --- what a file says of itself --- */

static void add_number(struct pd_onnx *model, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    pd_onnx_meta(model, key, text);
}

/* A JSON array; classes without names have their numbers. */
static enum pd_status add_classes(struct pd_onnx *model, const struct pd_gan *gan, const char *path,
                                  struct pd_error *err)
{
    char name[PD_CLASS_NAME_SIZE], *text;
    pd_mem_watch();
    json_t *names = json_array();
    for (int i = 0; i < gan->config.classes; i++)
        json_array_append_new(names, json_string(pd_gan_class_name(gan, i, name, sizeof name)));
    enum pd_status status = json_array_size(names) == (size_t)gan->config.classes
                                ? pd_json_text(names, JSON_COMPACT, path, &text, err)
                                : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for an ONNX model");
    if (!status) {
        pd_onnx_meta(model, "class_names", text);
        free(text);
    }
    json_decref(names);
    return status;
}

static enum pd_status describe(struct pd_onnx *model, const struct pd_gan *gan,
                               const struct pd_onnx_meta *meta, int count, const char *path,
                               struct pd_error *err)
{
    const struct pd_model_config *c = &gan->config;
    pd_onnx_meta(model, "model", c->model->name);
    add_number(model, "channels", c->channels);
    add_number(model, "size", c->size);
    add_number(model, "classes", c->classes);
    add_number(model, "z_dim", c->z_dim);
    pd_onnx_meta(model, "images",
                 c->size ? "float32 (N, C, H, W) in [-1, 1]"
                         : "float32 (N, 2), points as the data have them");
    for (int i = 0; i < count; i++)
        pd_onnx_meta(model, meta[i].key, meta[i].value);
    return add_classes(model, gan, path, err);
}

/* --- pixels --- */

static const char *number(struct pd_onnx *model, const char *name, float value)
{
    float *to = pd_onnx_constant(model, name, PD_IO_F32, 0, NULL);
    if (to)
        *to = value;
    return name;
}

static void add_binary(struct pd_onnx *model, const char *op, const char *output, const char *input,
                       const char *other)
{
    struct pd_onnx_node *node = pd_onnx_node(model, op, output);
    pd_onnx_node_input(node, input);
    pd_onnx_node_input(node, other);
}

/* As pd_pixel_level has it, channels last. */
static void add_pixels(struct pd_onnx *model, const struct pd_model_config *c)
{
    enum { ONNX_UINT8 = 2 };
    static const int64_t last[] = {0, 2, 3, 1};
    const int64_t dims[] = {PD_ONNX_ANY, c->size, c->size, c->channels};
    add_binary(model, "Add", "pixels.above", "images", number(model, "pixels.one", 1));
    add_binary(model, "Mul", "pixels.scaled", "pixels.above", number(model, "pixels.half", 127.5F));
    add_binary(model, "Add", "pixels.level", "pixels.scaled", number(model, "pixels.round", 0.5F));
    struct pd_onnx_node *clip = pd_onnx_node(model, "Clip", "pixels.within");
    pd_onnx_node_input(clip, "pixels.level");
    pd_onnx_node_input(clip, number(model, "pixels.black", 0));
    pd_onnx_node_input(clip, number(model, "pixels.white", 255));
    struct pd_onnx_node *order = pd_onnx_node(model, "Transpose", "pixels.last");
    pd_onnx_node_input(order, "pixels.within");
    pd_onnx_node_integers(order, "perm", 4, last);
    struct pd_onnx_node *cast = pd_onnx_node(model, "Cast", "pixels");
    pd_onnx_node_input(cast, "pixels.last");
    pd_onnx_node_integer(cast, "to", ONNX_UINT8);
    pd_onnx_output(model, "pixels", PD_IO_U8, 4, dims);
    pd_onnx_meta(model, "pixels", "uint8 (N, H, W, C), 0 to 255, the same images as levels");
}

/* --- for other programs --- */

static void record_generator(struct pd_gan *gan, struct pd_graph *g, int64_t n, enum pd_origin origin)
{
    (void)origin;
    pd_gan_record_generator(gan, g, n);
}

static enum pd_status write_generator(struct pd_gan *gan, struct pd_onnx *model,
                                      const struct pd_onnx_meta *meta, int count, const char *path,
                                      struct pd_error *err)
{
    static const char *const outputs[] = {"images", NULL};
    const struct pd_onnx_network network = {record_generator, PD_ORIGIN_FAKE, outputs};
    pd_onnx_about(model, "generator",
                  "Images of classes from noise. Inputs: z (N, z_dim), normal with mean 0 and variance 1; "
                  "labels (N), classes from 0 in the order of class_names.");
    enum pd_status status = describe(model, gan, meta, count, path, err);
    if (!status)
        status = pd_onnx_say(gan, &network, model, err);
    if (!status && gan->config.size)
        add_pixels(model, &gan->config);
    return status ? status : pd_onnx_write(model, path, err);
}

enum pd_status pd_generator_write_onnx(struct pd_gan *gan, const struct pd_onnx_meta *meta, int count,
                                       const char *path, struct pd_error *err)
{
    struct pd_onnx *model = NULL;
    enum pd_status status = pd_gan_enter(gan, PD_ORIGIN_FAKE, 0, err);
    if (status)
        return status;
    status = pd_onnx_create(&model, err);
    if (!status)
        status = write_generator(gan, model, meta, count, path, err);
    pd_onnx_destroy(model);
    pd_gan_leave(gan);
    return status;
}

static enum pd_status write_discriminator(struct pd_gan *gan, enum pd_origin origin, struct pd_onnx *model,
                                          const struct pd_onnx_meta *meta, int count, const char *path,
                                          struct pd_error *err)
{
    static const char *const origins[] = {[PD_ORIGIN_REAL] = "real", [PD_ORIGIN_FAKE] = "fake"};
    static const char *const outputs[] = {"logit", "class_logits", NULL};
    const struct pd_onnx_network network = {pd_gan_record_scorer, origin, outputs};
    pd_onnx_about(model, "discriminator",
                  "Scores of images. Input: images. Outputs: logit (N), log D / (1 - D) of being real; "
                  "class_logits (N, classes), before the softmax, in the order of class_names.");
    enum pd_status status = describe(model, gan, meta, count, path, err);
    pd_onnx_meta(model, "origin", origins[origin]);
    add_number(model, "statistics", gan->statistics[origin]);
    if (!status)
        status = pd_onnx_say(gan, &network, model, err);
    return status ? status : pd_onnx_write(model, path, err);
}

enum pd_status pd_discriminator_write_onnx(struct pd_gan *gan, enum pd_origin origin,
                                           const struct pd_onnx_meta *meta, int count, const char *path,
                                           struct pd_error *err)
{
    struct pd_onnx *model = NULL;
    enum pd_status status = pd_gan_enter(gan, origin, 0, err);
    if (status)
        return status;
    status = pd_onnx_create(&model, err);
    if (!status)
        status = write_discriminator(gan, origin, model, meta, count, path, err);
    pd_onnx_destroy(model);
    pd_gan_leave(gan);
    return status;
}
