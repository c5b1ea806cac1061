/* Images that are copies of others, of which one is asked about. */
#include "active/ledger.h"

#include "base/mem.h"
#include "data/exact_copies.h"
#include "data/near_copies.h"
#include "io/file.h"

#include <stdio.h>
#include <string.h>

static enum pd_status link_copies(struct pd_ledger *l, struct pd_error *err)
{
    const uint32_t n = l->data->count;
    if (!l->copies) {
        pd_free(l->first);
        l->first = NULL;
        return PD_OK;
    }
    l->next = pd_calloc(n, sizeof *l->next);
    if (!l->next)
        return pd_fail_memory(err, l->data->name);
    for (uint32_t i = n; i-- > 0;) { /* each copy goes behind the first, the last one first */
        const uint32_t first = l->first[i];
        if (first == i)
            continue;
        l->next[i] = l->next[first];
        l->next[first] = i;
    }
    return PD_OK;
}

enum pd_status pd_ledger_find_copies(struct pd_ledger *l, bool near, int threads, struct pd_error *err)
{
    const enum pd_status status =
        (near ? pd_near_copies : pd_exact_copies)(l->data, threads, &l->first, &l->copies, err);
    return status ? status : link_copies(l, err);
}

/* What people should know of the copies; some may have been labelled otherwise than the first. */
void pd_ledger_note_copies(struct pd_ledger *l, bool near)
{
    char name[64], other[64];
    uint32_t clashes = 0, last = 0;
    for (uint32_t i = 0; l->first && i < l->data->count; i++)
        if (l->data->labels[i] >= 0 && l->data->labels[i] != l->own[l->first[i]]) {
            clashes++;
            last = i;
        }
    const bool one = l->copies == 1;
    if (l->copies)
        snprintf(l->note, sizeof l->note,
                 "%u image%s %s cop%s: each is asked about once, its copies share the label", l->copies,
                 one ? " is" : "s are",
                 near  ? one ? "a near" : "near"
                 : one ? "an exact"
                       : "exact",
                 one ? "y of another" : "ies of others");
    const size_t n = strlen(l->note);
    if (clashes)
        snprintf(l->note + n, sizeof l->note - n,
                 "; %u of them %s another label than the first, as '%s' than '%s'", clashes,
                 clashes == 1 ? "has" : "have", pd_dataset_image_name(l->data, last, name, sizeof name),
                 pd_dataset_image_name(l->data, l->first[last], other, sizeof other));
}
