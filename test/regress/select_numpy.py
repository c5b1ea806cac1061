"""NumPy beside paydirt select, for test_select_files.c: python3 select_numpy.py PAYDIRT

Writes a pool in every format that people bring, selects with NumPy by the formulas of doc/select.md, in long double, and
compares row numbers and scores.
"""
import subprocess
import sys

import numpy as np

PAYDIRT, N, CLASSES, K = sys.argv[1], 20011, 10, 300
rng = np.random.default_rng(11)
logit = rng.normal(0, 2, N).astype(np.float32)
class_logits = (rng.normal(0, 1, (N, CLASSES)) * rng.choice([0.5, 3, 30], (N, 1))).astype(np.float32)
features = rng.normal(0, 1, (N, 16)).astype(np.float32)


def scores():
    x = np.sort(class_logits.astype(np.longdouble))[:, ::-1]
    e = np.exp(x - x[:, :1])
    rest = e[:, 1:][:, ::-1].sum(1)  # small ones first
    h = np.log1p(rest) + (e * (x[:, :1] - x)).sum(1) / (1 + rest)
    m = logit.astype(np.longdouble)
    confidence, margin = -np.log1p(rest), -np.log((rest + e[:, 1]) / (1 + rest))
    yield "gold", m + h
    yield "gold --balanced", m + m.std() / h.std() * h
    yield "most-confident", confidence
    yield "least-confident", -confidence
    yield "large-margin", margin
    yield "small-margin", -margin
    yield "least-entropy", -h
    yield "most-entropy", h
    yield "last", np.arange(N, dtype=np.longdouble)


def select(inputs, *options):
    command = [PAYDIRT, "select", *inputs, "-k", str(K), "--scores", *options]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    table = [line.split("\t") for line in out.splitlines()]
    return np.array([int(r) for r, _ in table]), np.array([float(s) for _, s in table])


def two(logits, classes):
    return ["--logits", logits, "--class-logits", classes]


def far(rows):
    d = features.astype(float)
    chosen = [rows[0]]
    nearest = ((d[rows] - d[rows[0]]) ** 2).sum(1)
    while len(chosen) < K:
        best = np.argmax(nearest)
        chosen.append(rows[best])
        nearest = np.minimum(nearest, ((d[rows] - d[rows[best]]) ** 2).sum(1))
    return chosen


np.save("l.npy", logit)
np.save("c.npy", class_logits)
np.save("l2.npy", logit[:, None].astype(float))
np.save("f.npy", features)
np.savez("s.npz", logit=logit, class_logits=class_logits, features=features)
np.savez_compressed("z.npz", m=logit, c=class_logits)
np.savetxt("l.txt", logit, fmt="%.9g")
np.savetxt("c.csv", class_logits, fmt="%.9g", delimiter=",")
with open("t.csv", "w") as table:  # as pandas.DataFrame.to_csv
    print("", "name", *(f"class_logit_{k}" for k in range(CLASSES)), "logit", sep=",", file=table)
    for i in range(N):
        print(i, f'"picture, {i}"', *map(repr, class_logits[i].tolist()), repr(float(logit[i])), sep=",", file=table)

for name, score in scores():
    expected = np.argsort(-score, kind="stable")[:K]
    assert (np.diff(score[expected]) < 0).all(), f"{name}: a tie in the data"
    rows, printed = select(two("l.npy", "c.npy"), "--strategy", *name.split())
    assert (rows == expected).all(), f"{name}: {rows[:10]}, NumPy {expected[:10]}"
    assert np.allclose(printed, score[expected].astype(float), rtol=1e-8, atol=0), f"{name}: scores"

gold = select(two("l.npy", "c.npy"), "--balanced")[0]
for inputs in (two("l2.npy", "c.npy"), two("s.npz", "s.npz"), two("z.npz:m", "z.npz:c"), two("l.txt", "c.csv"),
               two("t.csv", "t.csv"), two("t.csv:logit", "t.csv:class_logit")):
    assert (select(inputs, "--balanced")[0] == gold).all(), inputs

# What the softmax and the sigmoid make of them, with the options for it.
log_p = class_logits.astype(float) - class_logits.max(1, keepdims=True)
log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
np.save("p.npy", np.exp(log_p).astype(np.float32))
np.save("lp.npy", log_p.astype(np.float32))
np.save("d.npy", 1 / (1 + np.exp(-logit.astype(float))))
np.savetxt("p.csv", np.exp(log_p), delimiter=",")
for inputs, option in (("p.npy", "--probabilities"), ("p.csv", "--probabilities"), ("lp.npy", "--log-probabilities")):
    for name, score in scores():
        if name.startswith("gold"):
            continue
        rows, printed = select(["--class-logits", inputs], "--strategy", name, option)
        close = np.isclose(printed, score[rows].astype(float), rtol=1e-4, atol=1e-6)
        assert close.all(), (inputs, name, rows[~close], printed[~close], score[rows][~close])
rows, printed = select(two("d.npy", "p.npy"), "--sigmoid", "--probabilities")
assert np.allclose(printed, dict(scores())["gold"][rows].astype(float), rtol=1e-5) and len(set(rows) ^ set(
    select(two("l.npy", "c.npy"))[0])) <= 2, "gold of probabilities"

# However the arrays lie in their file.
np.save("order.npy", np.asfortranarray(class_logits))
np.save("swapped.npy", class_logits.astype(">f4"))
np.savez_compressed("order.npz", class_logits=np.asfortranarray(class_logits.astype(">f8")))
np.save("half.npy", class_logits.astype(np.float16))
np.save("plain.npy", class_logits.astype(np.float16).astype(np.float32))
np.save("bits.npy", (class_logits.view(np.uint32) >> 16).astype(np.uint16))
np.save("raw.npy", (class_logits.view(np.uint32) >> 16).astype(np.uint16).view("V2"))
np.save("cut.npy", (class_logits.view(np.uint32) & 0xFFFF0000).view(np.float32))
for a, b in (("order.npy", "c.npy"), ("swapped.npy", "c.npy"), ("order.npz", "c.npy"), ("half.npy", "plain.npy"),
             ("bits.npy --bfloat16", "cut.npy"), ("raw.npy", "cut.npy")):
    one, other = (select(["--class-logits", *x.split()], "--strategy", "least-confident") for x in (a, b))
    assert (one[0] == other[0]).all() and (one[1] == other[1]).all(), a

# Tables as pandas writes them have the same rows.
with open("plain.csv", "w") as plain, open("index.csv", "w") as index, open("comma.csv", "w") as comma:
    print(*range(CLASSES), sep=",", file=plain)
    print("", *range(CLASSES), sep=",", file=index)
    for i, row in enumerate(class_logits.tolist()):
        print(*map(repr, row), sep=",", file=plain)
        print(i, *map(repr, row), sep=",", file=index)
        print(*(repr(x).replace(".", ",") for x in row), sep=";", file=comma)
margin = select(["--class-logits", "c.npy"], "--strategy", "small-margin")[0]
for file in ("plain.csv", "index.csv", "comma.csv"):
    assert (select(["--class-logits", file], "--strategy", "small-margin")[0] == margin).all(), file

best = np.argsort(-dict(scores())["most-entropy"])[:1000]
rows, _ = select(["--class-logits", "c.npy"], "--strategy", "most-entropy", "--diverse", "k-center", "--features", "f.npy",
                 "--candidates", "1000")
assert (rows == far(best)).all(), "k-center"
