/* The optimisers' state, whole again where ranks share Adam. */
#include "gan/gan.h"

#include "base/mem.h"
#include "engine/backend.h"
#include "io/ranks.h"

#include <string.h>

static bool is_shared(const struct pd_ranks *ranks, const struct pd_var *v)
{
    return strncmp(pd_var_name(v), "adam", 4) == 0 && pd_ranks_share(ranks, pd_shape_count(pd_var_shape(v)));
}

/* room: for all of its numbers */
static enum pd_status gather(struct pd_ranks *ranks, struct pd_var *v, void *room, size_t real_size,
                             struct pd_error *err)
{
    enum pd_status status = pd_var_download(v, room, err);
    if (!status)
        status = pd_ranks_gather(ranks, room, pd_shape_count(pd_var_shape(v)), real_size, err);
    return status ? status : pd_var_upload(v, room, err);
}

enum pd_status pd_gan_gather(struct pd_gan *gan, struct pd_error *err)
{
    struct pd_ranks *ranks = gan->backend->ranks;
    const size_t real_size = pd_backend_real_size(gan->backend);
    size_t most = 0;
    if (!ranks || !gan->backend->type->shares)
        return PD_OK;
    for (int i = 0; i < pd_vars_count(gan->vars); i++) {
        const size_t n = (size_t)pd_shape_count(pd_var_shape(pd_vars_at(gan->vars, i)));
        most = n > most ? n : most;
    }
    void *room = pd_malloc(most * real_size);
    enum pd_status status = pd_ranks_agree(
        ranks, room ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the optimiser's state"),
        err);
    for (int i = 0; i < pd_vars_count(gan->vars) && !status; i++)
        if (is_shared(ranks, pd_vars_at(gan->vars, i)))
            status = gather(ranks, pd_vars_at(gan->vars, i), room, real_size, err);
    pd_free(room);
    return status;
}
