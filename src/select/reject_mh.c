/* MH-GAN: an independence sampler with the generator as its proposal, so that the acceptance probability is
 * min(1, exp(d' - d)) (Turner et al.). A chain begins at a real sample, which spares it a burn-in,
 * and gives the state that it ends in. One that never moved would give the real sample: it gives nothing, and
 * the next one begins at a candidate. */
#include "select/rejector.h"
#include "select/rejectors.h"

#include <math.h>

static void begin(struct pd_rejector *r)
{
    const struct pd_rng rng = {r->o.seed, PD_STREAM_REJECT_START, (uint64_t)r->class};
    const uint64_t u = pd_rng_u32(&rng, r->chain.number++);
    const int64_t i = (int64_t)(u * (uint64_t)r->real.n >> 32);
    r->chain.at = pd_rejector_d(r, r->real.logit[i], r->real.k[i]);
    r->chain.begun = true;
    r->chain.moved = false;
    r->chain.step = 0;
}

/* A chain that begins at a candidate has seen none of its own yet. */
static uint8_t begin_at(struct pd_rejector *r, double d)
{
    begin(r);
    r->chain.at = d;
    r->chain.moved = true;
    r->chain.stuck = false;
    return PD_REJECT_HOLD;
}

static uint8_t step(struct pd_rejector *r, double d, double uniform)
{
    uint8_t verdict = 0;
    if (uniform < exp(d - r->chain.at)) {
        r->chain.at = d;
        r->chain.moved = true;
        verdict = PD_REJECT_HOLD;
    }
    if (++r->chain.step < r->o.chain)
        return verdict;
    r->chain.begun = false;
    r->chain.stuck = !r->chain.moved;
    return r->chain.moved ? verdict | PD_REJECT_KEEP : verdict;
}

static enum pd_status judge(struct pd_rejector *r, int64_t n, const double *d, uint8_t *verdicts,
                            struct pd_error *err)
{
    (void)err;
    for (int64_t i = 0; i < n; i++) {
        if (!r->chain.begun && r->chain.stuck) {
            verdicts[i] = begin_at(r, d[i]);
            continue;
        }
        if (!r->chain.begun)
            begin(r);
        verdicts[i] = step(r, d[i], pd_rejector_uniform(r, i));
    }
    return PD_OK;
}

const struct pd_reject_method pd_reject_mh = {
    "mh", "Metropolis-Hastings chain over candidates, from a real sample's score", .uses_k = true,
    .uses_real = true, .judge = judge};
