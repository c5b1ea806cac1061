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


def k_means(rows, weights, count):
    """Labels and centres of these rows, as doc/select.md has it."""
    x = [strategies.features[i] for i in rows]
    middle = mean(x)
    first = min(range(len(x)), key=lambda i: squared(x[i], middle))
    rest = [i for i in range(len(x)) if i != first]
    starts = k_means_pp(first, rest, lambda i, j: weights[i] * squared(x[i], x[j]), count)
    centres, moved = [x[i] for i in starts], D(1)
    enough = D("1e-4") * sum(squared(v, middle) for v in x) / len(x) / len(middle)
    for turn in range(51):
        labels = [min(range(count), key=lambda k: squared(v, centres[k])) for v in x]
        if moved <= enough and turn or turn == 50:
            return labels, centres
        moved = D(0)
        for k in range(count):
            w = [(a, v) for a, v, own in zip(weights, x, labels) if own == k]
            total = sum(a for a, _ in w)
            if total > 0:
                to = [sum(a * v[j] for a, v in w) / total for j in range(len(middle))]
                moved += squared(to, centres[k])
                centres[k] = to


def typiclust(labelled, k):
    """Hacohen et al., section 3.2 and 3.3: clusters; of the least covered, then largest, the most typical row."""
    labels, _ = k_means(list(range(N)), [D(1)] * N, min(len(labelled) + k, 500))
    clusters = {c: [i for i in range(N) if labels[i] == c] for c in sorted(set(labels))}
    taken, chosen = set(labelled), []

    def mean_distance(i, cluster):
        d = sorted(distance(i, j).sqrt() for j in cluster if j != i)[:20]
        return sum(d) / len(d) if d else D(0)

    while len(chosen) < k:
        left = [c for c, rows in clusters.items() if set(rows) - taken]
        best = min(left, key=lambda c: (len(clusters[c]) < 5, len(taken & set(clusters[c])), -len(clusters[c]), c))
        row = min(set(clusters[best]) - taken, key=lambda i: (mean_distance(i, clusters[best]), i))
        chosen.append(row)
        taken.add(row)
    return chosen


def clue(labelled, k):
    """Prabhu et al., section 3.2: weighted k-means of the unlabelled; the row nearest to each centre."""
    rows, chosen = [i for i in range(N) if i not in labelled], []
    _, centres = k_means(rows, [strategies.entropy[i] for i in rows], k)
    for c in centres:
        chosen.append(min((i for i in rows if i not in chosen), key=lambda i: squared(strategies.features[i], c)))
    return chosen


def probcover(labelled, k):
    """Yehuda et al., algorithm 1, with the largest radius at which 95 % of the balls hold one cluster (section 4.2);
    once all are covered, as coreset."""
    labels, _ = k_means(list(range(N)), [D(1)] * N, strategies.CLASSES)
    other = sorted(min(distance(i, j) for j in range(N) if labels[j] != labels[i]) for i in range(N))
    radius = max(r for r in other if sum(o >= r for o in other) >= D("0.95") * N)
    ball = [[j for j in range(N) if distance(i, j) < radius] for i in range(N)]
    covered, chosen = {j for i in labelled for j in ball[i]}, []
    while len(chosen) < k:
        rest = [i for i in range(N) if i not in labelled and i not in chosen]
        best = max(rest, key=lambda i: len(set(ball[i]) - covered))
        if not set(ball[best]) - covered:
            best = max(rest, key=lambda i: min(distance(i, c) for c in labelled + chosen))
        chosen.append(best)
        covered |= set(ball[best])
    return chosen


BATCHES = {"probcover": probcover, "coreset": coreset, "badge": badge, "typiclust": typiclust, "clue": clue}


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
