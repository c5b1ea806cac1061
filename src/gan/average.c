/* Moving averages of a network's weights. */
#include "gan/gan_parts.h"

#include <stdio.h>
#include <string.h>

/* min(decay, (t - 1) / (t + 9)) at update t: the first one takes the weights over, and a young average
 * forgets fast. */
static struct pd_node *young(struct pd_node *t, double decay)
{
    struct pd_node *growing = pd_div(pd_affine(t, 1, -1), pd_affine(t, 1, 9));
    return pd_neg(pd_max(pd_neg(growing), -decay));
}

bool pd_is_direction(const char *name)
{
    const char *part = strrchr(name, '.');
    return part && (!strcmp(part, ".weight_u") || !strcmp(part, ".weight_v"));
}

void pd_record_average(const struct pd_gan *gan, struct pd_graph *g, const char *network,
                       const char *averaged, const char *steps, double decay)
{
    struct pd_node *keep = young(pd_var_read(g, pd_vars_find(gan->vars, steps)), decay);
    const size_t prefix = strlen(network);
    const int count = pd_vars_count(gan->vars);
    for (int i = 0; i < count; i++) {
        char name[128];
        struct pd_var *v = pd_vars_at(gan->vars, i);
        if (strncmp(pd_var_name(v), network, prefix) != 0)
            continue;
        snprintf(name, sizeof name, "%s%s", averaged, pd_var_name(v) + prefix);
        struct pd_var *average = pd_vars_find(gan->vars, name);
        if (!average) /* the head d.rotation, by which nothing is scored */
            continue;
        struct pd_node *now = pd_var_read(g, v), *old = pd_var_read(g, average);
        /* a power iteration's vectors belong to the weights as they are: the mean of unit vectors is none */
        pd_assign(average, pd_is_direction(name) ? now : pd_add(now, pd_mul(keep, pd_sub(old, now))));
    }
}
