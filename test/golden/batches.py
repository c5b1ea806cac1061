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


BATCHES = {"coreset": coreset}


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
