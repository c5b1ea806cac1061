#include "io/ranks.h"

#include "base/mem.h"
#include "base/threads.h"

#include <string.h>

int pd_ranks_started(int *rank)
{
    const struct pd_start s = pd_ranks_start();
    if (rank)
        *rank = s.rank;
    return s.size;
}

void pd_ranks_forget(void)
{
    pd_ranks_forget_start();
}

int pd_ranks_rank(const struct pd_ranks *r)
{
    return r ? r->rank : 0;
}

int pd_ranks_size(const struct pd_ranks *r)
{
    return r ? r->size : 1;
}

int pd_ranks_threads(const struct pd_ranks *r)
{
    const int here = pd_threads_available(), sharers = r ? r->sharers : 1;
    return here > sharers ? here / sharers : 1;
}

void pd_ranks_close(struct pd_ranks *r, int code)
{
    if (r)
        r->close(r, r->agreed && !r->broken ? 0 : code);
}

enum pd_status pd_ranks_sum(struct pd_ranks *r, double *data, int64_t n, struct pd_error *err)
{
    return r ? r->add_up(r, data, n, sizeof *data, err) : PD_OK;
}

/* Every rank's number, by rank, in a new array. */
static enum pd_status gather(struct pd_ranks *r, double mine, double **all, struct pd_error *err)
{
    *all = pd_calloc((size_t)r->size, sizeof **all);
    if (!*all)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for numbers of %d processes", r->size);
    (*all)[r->rank] = mine;
    return pd_ranks_sum(r, *all, r->size, err);
}

enum pd_status pd_ranks_agree(struct pd_ranks *r, enum pd_status status, struct pd_error *err)
{
    struct pd_error why = {0};
    double *all = NULL;
    if (!r || r->agreed ||
        r->broken) /* all know, and who knows why has said so; or nobody else can be asked */
        return status;
    if (gather(r, status, &all, &why)) { /* nobody may wait for ever for what this rank cannot say */
        pd_free(all);
        return status ? status : pd_fail(err, why.status, -1, "%s", why.message);
    }
    int first = 0;
    while (first < r->size && all[first] == PD_OK)
        first++;
    const enum pd_status agreed = first < r->size ? (enum pd_status)all[first] : PD_OK;
    pd_free(all);
    r->agreed = agreed;
    if (agreed && first != r->rank)
        pd_fail(err, agreed, -1, "%s", "");
    return agreed;
}

enum pd_status pd_ranks_compare(struct pd_ranks *r, const char *what, const char *text, struct pd_error *err)
{
    const size_t n = strlen(text);
    double *all = r ? pd_calloc(n + 1, sizeof *all) : NULL;
    if (!r)
        return PD_OK;
    if (!all)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %zu numbers", n);
    for (size_t i = 0; i < n; i++)
        all[i] = r->rank ? 0 : text[i];
    enum pd_status status = pd_ranks_sum(r, all, (int64_t)n, err); /* rank 0's */
    bool same = true;
    for (size_t i = 0; i < n; i++)
        same = same && all[i] == text[i];
    pd_free(all);
    if (status)
        return status;
    if (!same)
        status =
            pd_fail(err, PD_ERR_MISMATCH, -1, "rank %d of %d: %s not as on rank 0", r->rank, r->size, what);
    return pd_ranks_agree(r, status, err);
}
