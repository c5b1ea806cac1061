#!/usr/bin/env python3
"""Softmax regression on Fashion-MNIST's pixels: what a few labels give without any network. Needs NumPy and dataset-fashion-mnist.

    bench/linear.py LABELS [SEED...]
"""
import gzip
import sys

import numpy as np

FOLDER = "/usr/share/datasets/fashion-mnist/"


def load(name, header):
    return np.frombuffer(gzip.open(FOLDER + name).read(), np.uint8, offset=header)


def pixels(name):
    x = load(name, 16).reshape(-1, 784) / 255
    return np.c_[x, np.ones(len(x))]


def fit(x, y, steps=600, rate=0.05, decay=1e-3):
    w, v = np.zeros((x.shape[1], 10)), 0
    for _ in range(steps):
        z = x @ w
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        v = 0.9 * v - rate * (x.T @ (p - np.eye(10)[y]) / len(x) + decay * w)
        w = w + v
    return w


labels, seeds = int(sys.argv[1]), [int(s) for s in sys.argv[2:]] or [1, 2, 3]
x, y = pixels("train-images-idx3-ubyte.gz"), load("train-labels-idx1-ubyte.gz", 8)
test, truth = pixels("t10k-images-idx3-ubyte.gz"), load("t10k-labels-idx1-ubyte.gz", 8)
results = []
for seed in seeds:
    draw = np.random.default_rng(seed)
    i = np.concatenate([draw.choice(np.flatnonzero(y == c), labels // 10, False) for c in range(10)])
    results.append(100 * np.mean((test @ fit(x[i], y[i])).argmax(1) == truth))
print(labels, "labels:", np.round(results, 2), "mean %.2f" % np.mean(results))
