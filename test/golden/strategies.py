#!/usr/bin/env python3
"""Writes strategies.h: what each strategy selects from a pool of 200, for test/golden/test_strategies.c.

Needs only Python. Scores are computed from the papers' formulas with 400 digits, so that they owe nothing to how the
library keeps its precision; random numbers by a Philox of its own. The pool is not stored: number j is made
from 32 mixed bits as below, which the test does again, exactly in float.
Run: python3 test/golden/strategies.py > test/golden/strategies.h
"""
from decimal import Decimal as D, getcontext

getcontext().prec = 400
N, CLASSES, WIDTH, PASSES, K, CANDIDATES, SEED = 200, 5, 4, 3, 25, 60, 7
RANDOM, TIES, SPREAD = 0x7DA80000, 0x7DA80001, 0x7DA80002


def number(j):  # in [-4, 4), a multiple of 2^-21
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        j = (j ^ j >> shift) * factor % 2**32
    return D((j ^ j >> 16) >> 8) / 2**21 - 4


def scale(i):  # some rows are far beyond where a probability rounds to 1
    return 64 if i % 25 == 0 else 1


logit = [number(j) for j in range(N)]
logits = [[number(1000 + i * CLASSES + k) * scale(i) for k in range(CLASSES)] for i in range(N)]
passes = [[[number(20000 + (s * N + i) * CLASSES + k) for k in range(CLASSES)] for i in range(N)] for s in range(PASSES)]
features = [[number(5000 + i * WIDTH + k) for k in range(WIDTH)] for i in range(N)]


def philox(seed, stream, block):
    mask = 2**32 - 1
    c = [block & mask, block >> 32, 0, stream]
    k = [seed & mask, (seed >> 32) ^ stream]
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & mask, (a >> 32) ^ c[3] ^ k[1], a & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def uniform(stream, block):
    words = philox(SEED, stream, block)
    return D(words[0] * 2**21 + (words[1] >> 11)) / 2**53


def softmax(x):
    e = [v.exp() for v in x]
    return [v / sum(e) for v in e]


def entropy_of(p):
    return -sum(v * v.ln() for v in p)


def disagreement(i):  # Gal et al. 2017, section 4
    p = [softmax(run[i]) for run in passes]
    return entropy_of([sum(v) / PASSES for v in zip(*p)]) - sum(map(entropy_of, p)) / PASSES


p = [sorted(softmax(x), reverse=True) for x in logits]
entropy = [entropy_of(row) for row in p]


def sigma(x):
    mean = sum(x) / len(x)
    return (sum((v - mean) ** 2 for v in x) / len(x)).sqrt()


def ranked(score, k):
    order = sorted(range(N), key=lambda i: -score[i])
    gaps = [score[a] - score[b] for a, b in zip(order, order[1:])][:k]
    assert all(g > abs(score[i]) * D("1e-12") for g, i in zip(gaps, order)), "too close for doubles"
    return order[:k]


confident, margin = [r[0].ln() for r in p], [-(1 - (r[0] - r[1])).ln() for r in p]  # ranked by a function that grows with it
balance = sigma(logit) / sigma(entropy)
SCORES = {
    "gold": [m + h for m, h in zip(logit, entropy)],
    "gold balanced": [m + balance * h for m, h in zip(logit, entropy)],
    "most-confident": confident,
    "large-margin": margin,
    "least-entropy": [-h for h in entropy],
    "least-confident": [-v for v in confident],
    "small-margin": [-v for v in margin],
    "most-entropy": entropy,
    "bald": [disagreement(i) for i in range(N)],
    "random": [uniform(RANDOM, i) for i in range(N)],
    "last": [D(i) for i in range(N)],
}


def far(i, chosen):
    return min(sum((a - b) ** 2 for a, b in zip(features[i], features[c])) for c in chosen)


def k_center(pool):
    chosen = pool[:1]
    while len(chosen) < K:
        chosen.append(max((i for i in pool if i not in chosen), key=lambda i: far(i, chosen)))
    return chosen


def distance(i, c):
    return sum((a - b) ** 2 for a, b in zip(features[i], features[c]))


def halves(words, at):
    return D(words[at] * 2**21 + (words[at + 1] >> 11)) / 2**53


def k_means(pool):
    """By rejection, as doc/select.md has it: bounds are the distances that were known when a row was last proposed."""
    chosen, rest, block = pool[:1], pool[1:], 0
    bound = {i: distance(i, chosen[0]) for i in rest}
    while len(chosen) < K:
        words = philox(SEED, SPREAD, block)
        wanted, total, block = halves(words, 0) * sum(bound.values()), D(0), block + 1
        for i in rest:
            total += bound[i]
            if total > wanted:
                break
        true = far(i, chosen)
        if halves(words, 2) * bound[i] < true:
            chosen.append(i)
            true = D(0)
        bound[i] = true
    return chosen


def tie(i):
    return philox(SEED, TIES, i // 4)[i % 4]


def line(rows):
    return "{" + ", ".join(map(str, rows)) + "}"


def main():
    best = ranked(SCORES["gold"], CANDIDATES)
    print("/* Made by strategies.py: do not edit. */\n/* clang-format off */")
    print(f"enum {{ POOL_ROWS = {N}, POOL_CLASSES = {CLASSES}, POOL_WIDTH = {WIDTH}, POOL_PASSES = {PASSES}, POOL_K = {K}, "
          f"POOL_CANDIDATES = {CANDIDATES}, POOL_SEED = {SEED} }};\n")
    print("static const struct {\n    const char *strategy;\n    bool balanced;\n    int64_t rows[POOL_K];\n} selected[] = {")
    for name, score in SCORES.items():
        print(f'    {{"{name.split()[0]}", {str("balanced" in name).lower()},\n     {line(ranked(score, K))}}},')
    print("};\n")
    print(f"static const int64_t spread_k_center[POOL_K] =\n    {line(k_center(best))};")
    print(f"static const int64_t spread_k_means[POOL_K] =\n    {line(k_means(best))};")
    print("/* The first of all rows when every score is the same. */")
    print(f"static const int64_t tied[POOL_K] =\n    {line(sorted(range(N), key=lambda i: (tie(i), i))[:K])};")


if __name__ == "__main__":
    main()
