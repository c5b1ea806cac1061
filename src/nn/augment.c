/* Differentiable augmentation (Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN
 * Training"): what D sees, real or generated, is changed at random, and the generator's gradient passes
 * through. */
#include "nn/nn.h"

#include "base/words.h"

#include <stdio.h>
#include <string.h>

struct augmenter {
    struct pd_node *x; /* (N, C, H, W) */
    uint32_t *stream;
};

/* (N, n) uniform in [0, 1) */
static struct pd_node *draw(struct augmenter *a, int64_t n)
{
    return pd_random_uniform(pd_node_graph(a->x), (*a->stream)++, pd_shape2(pd_node_shape(a->x).dim[0], n));
}

/* One number for each image, uniform in [low, low + width). */
static struct pd_node *factor(struct augmenter *a, double low, double width)
{
    const int64_t n = pd_node_shape(a->x).dim[0];
    return pd_affine(pd_reshape(draw(a, 1), pd_shape4(n, 1, 1, 1)), width, low);
}

/* x farther from its mean, or nearer: what the mean is taken over has length 1 in `to`. */
static void stretch(struct augmenter *a, struct pd_shape to, struct pd_node *by)
{
    const double count = (double)pd_shape_count(pd_node_shape(a->x)) / (double)pd_shape_count(to);
    struct pd_node *mean = pd_affine(pd_sum_to(a->x, to), 1 / count, 0);
    a->x = pd_add(pd_mul(pd_sub(a->x, mean), by), mean);
}

/* Brightness, saturation, contrast. */
static void colour(struct augmenter *a)
{
    const struct pd_shape s = pd_node_shape(a->x);
    a->x = pd_add(a->x, factor(a, -0.5, 1));
    stretch(a, pd_shape4(s.dim[0], 1, s.dim[2], s.dim[3]), factor(a, 0, 2));
    stretch(a, pd_shape4(s.dim[0], 1, 1, 1), factor(a, 0.5, 1));
}

/* By up to an eighth of the side. */
static void translate(struct augmenter *a)
{
    const int most = (int)((double)pd_node_shape(a->x).dim[3] * 0.125 + 0.5);
    a->x = pd_shift(a->x, pd_affine(draw(a, 2), 2 * most + 1, -most));
}

/* A square of half the side, its middle anywhere, becomes 0. */
static void cut_out(struct augmenter *a)
{
    const struct pd_shape s = pd_node_shape(a->x);
    const int64_t side = s.dim[3], cut = (side + 1) / 2, half = cut / 2;
    const double places = (double)(side + 1 - cut % 2);
    struct pd_node *square = pd_constant(pd_node_graph(a->x), 1, pd_shape4(1, 1, cut, cut));
    square = pd_pad(pd_pad(square, 2, 0, side), 3, 0, side);
    square = pd_broadcast(square, pd_shape4(s.dim[0], 1, side, side));
    square = pd_shift(square, pd_affine(draw(a, 2), places, -(double)half));
    a->x = pd_mul(a->x, pd_affine(square, -1, 1));
}

static const struct {
    const char *name;
    void (*apply)(struct augmenter *a);
} table[] = {{"color", colour}, {"translation", translate}, {"cutout", cut_out}};
#define COUNT ((int)(sizeof table / sizeof *table))

enum pd_status pd_augment_parse(const char *list, unsigned *what, struct pd_error *err)
{
    char word[32];
    *what = 0;
    for (const char *at = list; *at; at += *at == ',') {
        const size_t n = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)n,
                 at); /* one that is cut is none of the table's either way */
        const int found = pd_find_word("augmentation", word, &table[0].name, COUNT, sizeof table[0], err);
        if (found < 0)
            return PD_ERR_USAGE;
        *what |= 1u << found;
        at += n;
    }
    return PD_OK;
}

struct pd_node *pd_nn_augment(struct pd_node *images, unsigned what, uint32_t *stream)
{
    struct augmenter a = {images, stream};
    for (int i = 0; i < COUNT && images; i++)
        if (what & 1u << i)
            table[i].apply(&a);
    return a.x;
}
