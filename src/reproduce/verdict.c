#include "reproduce/verdict.h"

#include "metric/statistics.h"

#include <math.h>
#include <stdio.h>

enum { MOST_TRIALS = 1000000 }; /* to speak of */

static double published_error(const struct pd_published_value *p)
{
    return p->trials > 1 ? p->deviation / sqrt((double)p->trials) : NAN;
}

/* Half of the 95 % interval around the difference of two means with these standard errors (Welch). */
static double half_of_two(double a, int64_t na, double b, double freedom_b)
{
    const double both = a * a + b * b, freedom_a = (double)(na - 1);
    if (!(na > 1) || !(both > 0) || !(freedom_b > 0))
        return NAN;
    const double freedom = both * both / (pow(a, 4) / freedom_a + pow(b, 4) / freedom_b);
    return pd_student_t(0.05, freedom) * sqrt(both);
}

double pd_half_to_published(const struct pd_summary *s, const struct pd_published_value *p)
{
    return half_of_two(s->error, s->n, published_error(p), (double)(p->trials - 1));
}

/* The paper gives no pairs: its two means are taken as independent. */
static bool is_excluded(const struct pd_contrast *c, const struct pd_published_value *row,
                        const struct pd_published_value *against)
{
    const double error = hypot(published_error(row), published_error(against));
    const double half = half_of_two(c->paired.difference.error, c->paired.difference.n, error,
                                    (double)(row->trials + against->trials - 2));
    return fabs(c->paired.difference.mean - c->published) > half;
}

static enum pd_verdict judge(const struct pd_contrast *c)
{
    const double d = c->paired.difference.mean;
    if (c->paired.difference.n < 2)
        return PD_VERDICT_TOO_FEW;
    if (!pd_study_shows(&c->paired))
        return c->excluded && fabs(d) < fabs(c->published) ? PD_VERDICT_REFUTED : PD_VERDICT_NONE;
    if (!c->direction)
        return PD_VERDICT_DIFFERENT;
    return (d > 0) == (c->direction > 0) ? PD_VERDICT_CONFIRMED : PD_VERDICT_REFUTED;
}

struct pd_contrast pd_contrast_of(const struct pd_paired *paired, const struct pd_published_value *row,
                                  const struct pd_published_value *against, int better, bool comparable)
{
    struct pd_contrast c = {.paired = *paired, .half = pd_half_interval(&paired->difference, 0.95)};
    const int64_t n = paired->difference.n;
    c.published = row->mean - against->mean;
    c.direction = c.published > 0 ? 1 : c.published < 0 ? -1 : better;
    c.excluded = comparable && is_excluded(&c, row, against);
    c.visible = n < 2 ? NAN : pd_visible_difference(paired->difference.deviation, n);
    c.sized = comparable && !isnan(c.published);
    const double size = c.sized ? c.published : paired->difference.mean;
    if (n > 1 && fabs(size) > 0)
        c.needed = pd_pairs_needed(paired->difference.deviation, size);
    c.verdict = judge(&c);
    return c;
}

const char *pd_verdict_name(enum pd_verdict verdict)
{
    static const char *const names[] = {"nothing can be said", "no difference shown", "confirmed", "refuted",
                                        "a difference, and no claim of the paper to compare it with"};
    return names[verdict];
}

/* What a verdict of no difference leaves open. */
static int open_words(const struct pd_contrast *c, double unit, char *text, size_t size)
{
    const double d = unit * fabs(c->sized ? c->published : c->paired.difference.mean);
    const char *whose = c->sized ? "the paper's" : "as here";
    const bool enough = c->needed <= c->paired.difference.n;
    if (!c->needed || (enough && !c->sized) || c->needed > MOST_TRIALS) /* all are equal, or none is seen */
        return 0;
    if (enough)
        return snprintf(text, size, ", though one of %.2f, %s, should have been seen", d, whose);
    return snprintf(text, size, "; to see one of %.2f, %s, takes %lld trials", d, whose,
                    (long long)c->needed);
}

char *pd_contrast_words(const struct pd_contrast *c, double unit, char *text, size_t size)
{
    const double d = c->paired.difference.mean;
    const long long pairs = (long long)c->paired.difference.n;
    size_t n = 0;
    if (pairs < c->planned)
        n = (size_t)snprintf(text, size, "interim, %lld of %lld pairs: ", pairs, (long long)c->planned);
    n += (size_t)snprintf(text + n, size - n, "%s", pd_verdict_name(c->verdict));
    if (c->verdict == PD_VERDICT_TOO_FEW)
        n += (size_t)snprintf(text + n, size - n, ": %lld pair%s of trials", pairs, pairs == 1 ? "" : "s");
    if (c->verdict == PD_VERDICT_NONE)
        n += (size_t)open_words(c, unit, text + n, size - n);
    if (c->verdict == PD_VERDICT_REFUTED)
        n += (size_t)snprintf(text + n, size - n, "%s",
                              pd_study_shows(&c->paired)
                                  ? ": the difference is the other way round"
                                  : ": no difference shown, and one of the paper's size is excluded");
    if (c->verdict == PD_VERDICT_CONFIRMED && c->excluded)
        n += (size_t)snprintf(text + n, size - n, ", but %s than the paper's",
                              fabs(d) < fabs(c->published) ? "smaller" : "larger");
    if (c->verdict != PD_VERDICT_TOO_FEW && c->visible > 0)
        snprintf(text + n, size - n, " (%lld see one of %.2f in four cases of five)", pairs,
                 unit * c->visible);
    return text;
}
