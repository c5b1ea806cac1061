/* Self-supervised rotation (SS-GAN: Chen et al. 2019, "Self-Supervised GANs via Auxiliary Rotation Loss", eq.
 * 4 and 5): a head on D's trunk says by how much an image was turned. */
#include "gan/gan_parts.h"

struct pd_node *pd_rotation_loss(struct pd_nn *dis, const struct pd_model_config *c, struct pd_node *images,
                                 uint32_t stream, uint32_t *dropout)
{
    const uint32_t upright = dis->stream;
    struct pd_node *turns, *turned = pd_nn_turn(images, stream, &turns);
    dis->frozen = true; /* what the trunk stores is of images as they are */
    dis->stream = *dropout;
    struct pd_node *features = pd_model_discriminate(dis, c, turned).features;
    *dropout = dis->stream;
    dis->stream = upright;
    dis->frozen = false;
    struct pd_node *said = pd_model_head(dis, c, "rotation", features, PD_NN_TURNS);
    return pd_mean(pd_nn_cross_entropy_each(pd_log_softmax(said), turns));
}

bool pd_gan_has_rotation(const struct pd_gan *gan)
{
    return pd_vars_find(gan->vars, "d.rotation.bias") != NULL;
}
