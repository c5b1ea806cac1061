#!/usr/bin/env python3
"""Writes batches.h: what each strategy that chooses rows together chooses from strategies.py's pool, for
test/golden/test_batches.c.

Needs only Python. From the papers' formulas by plain loops over all pairs, with 60 digits; random numbers by
strategies.py's Philox.
Run: python3 test/golden/batches.py > test/golden/batches.h
"""
import strategies
from strategies import D, N, SEED, distance, line

strategies.getcontext().prec = 60
K = 20
LABELLED = [3, 17, 90, 91, 150, 199]


def mean(points):
    return [sum(x) / len(points) for x in zip(*points)]


def squared(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b))


def coreset(labelled, k):
    """Sener & Savarese, algorithm 1; without a label the first is the row nearest to the mean."""
    middle = mean(strategies.features)
    chosen = [] if labelled else [min(range(N), key=lambda i: squared(strategies.features[i], middle))]
    while len(chosen) < k:
        rest = [i for i in range(N) if i not in labelled and i not in chosen]
        chosen.append(max(rest, key=lambda i: min(distance(i, c) for c in labelled + chosen)))
    return chosen


def k_means_pp(first, rest, distance, k):
    """By rejection, as doc/select.md has it: bounds are the distances that were known when a row was last proposed."""
    chosen, block, bound = [first], 0, {i: distance(i, first) for i in rest}
    while len(chosen) < k:
        words = strategies.philox(SEED, strategies.SPREAD, block)
        wanted, total, block = strategies.halves(words, 0) * sum(bound.values()), D(0), block + 1
        for i in rest:
            total += bound[i]
            if total > wanted:
                break
        true = min(distance(i, c) for c in chosen)
        if strategies.halves(words, 2) * bound[i] < true:
            chosen.append(i)
            true = D(0)
        bound[i] = true
    return chosen


def gradients():
    """Ash et al., eq. 1: of the loss by the last layer's weights, were the likeliest class the label; written out."""
    for x, h in zip(strategies.logits, strategies.features):
        p = strategies.softmax(x)
        best = p.index(max(p))
        yield [(v - (k == best)) * f for k, v in enumerate(p) for f in h]


def badge(labelled, k):
    g = list(gradients())
    rest = [i for i in range(N) if i not in labelled]
    first = max(rest, key=lambda i: squared(g[i], [D(0)] * len(g[i])))
    rest.remove(first)
    return k_means_pp(first, rest, lambda i, j: squared(g[i], g[j]), k)


BATCHES = {"coreset": coreset, "badge": badge}


def main():
    print("/* Made by batches.py: do not edit. */\n/* clang-format off */")
    print(f"enum {{ BATCH_K = {K}, BATCH_LABELLED = {len(LABELLED)}, BATCH_SEED = {SEED} }};\n")
    print(f"static const int64_t labelled_rows[BATCH_LABELLED] = {line(LABELLED)};\n")
    print("static const struct {\n    const char *strategy;\n    int64_t labelled;\n    int64_t rows[BATCH_K];\n} chosen[] = {")
    for name, choose in BATCHES.items():
        for labelled in [], LABELLED:
            print(f'    {{"{name}", {len(labelled)},\n     {line(choose(labelled, K))}}},')
    print("};")


if __name__ == "__main__":
    main()
