#!/usr/bin/env python3
"""Writes features.h: what others compute of two sets of features, for test/golden/test_features.c.

Needs NumPy, SciPy, scikit-learn, torch-fidelity, pytorch-fid and prdc (PyPI); torch-fidelity's and pytorch-fid's Fréchet
distances must agree here before one is written. The features are not stored: number j is made from 32 mixed bits as below,
which the test does again, exactly in float. PRD's authors have no package: their curve is written down again.
Run: python3 test/golden/features.py > test/golden/features.h
"""
import contextlib
import io

import numpy as np
import torch
from prdc import compute_prdc
from pytorch_fid.fid_score import calculate_frechet_distance
from sklearn.cluster import MiniBatchKMeans
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kernel_mmd
from torch_fidelity.metric_prc import calculate_precision_recall_full

REAL, FAKE, WIDTH, FEW, SUBSET, BINS = 400, 300, 12, 7, 40, 20


def number(j):  # in [-4, 4), a multiple of 2^-13
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        j = (j ^ j >> shift) * factor % 2**32
    return ((j ^ j >> 16) >> 16) / 2**13 - 4


def rows(first, n, scale, offset):  # lumps along the first feature; far from 0, so that float32 would cancel
    return np.array([[scale * number(first + i * WIDTH + k) + offset + (8 * (i % 5) if k == 0 else 0) for k in range(WIDTH)]
                     for i in range(n)])


real, fake = rows(0, REAL, 1, 100), rows(100000, FAKE, 0.75, 100.25)


def prd_curve(eval_dist, ref_dist, angles=1001, epsilon=1e-10):
    slopes = np.tan(np.linspace(epsilon, np.pi / 2 - epsilon, num=angles))[:, None]
    precision = np.minimum(ref_dist[None] * slopes, eval_dist[None]).sum(axis=1)
    recall = precision / slopes[:, 0]
    return np.clip(precision, 0, 1), np.clip(recall, 0, 1)


def best_f(precision, recall, beta):
    return np.max((1 + beta**2) * precision * recall / (beta**2 * precision + recall + 1e-10))


def prd():  # 10 clusterings; of equal counts, as the authors demand
    union = np.vstack([fake, real[:FAKE]])
    curves = []
    for run in range(10):
        labels = MiniBatchKMeans(n_clusters=BINS, n_init=10, random_state=run).fit(union).labels_
        parts = [np.bincount(part, minlength=BINS) / FAKE for part in (labels[:FAKE], labels[FAKE:])]
        curves.append(prd_curve(*parts))
    return np.mean(curves, axis=0)


def frechet(a, b):
    theirs = fid_statistics_to_metric(*(fid_features_to_statistics(torch.tensor(x)) for x in (a, b)),
                                      False)["frechet_inception_distance"]
    again = calculate_frechet_distance(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))
    assert len(a) <= WIDTH or abs(theirs / again - 1) < 1e-9, (theirs, again)  # a root of a singular matrix is not exact
    return theirs


def few():  # singular covariances: by roots of symmetric matrices, negligible eigenvalues left out
    def root(c):
        values, vectors = np.linalg.eigh(c)
        return vectors * np.sqrt(np.where(values > 1e-12 * values[-1], values, 0)) @ vectors.T
    a, b = fake[:FEW], real[:FEW + 1]
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values = np.linalg.svd(root(ca) @ root(cb), compute_uv=False)
    value = ((a.mean(0) - b.mean(0))**2).sum() + np.trace(ca + cb) - 2 * values.sum()
    assert abs(frechet(a, b) / value - 1) < 1e-5
    return value


def line(name, value):
    print(f"static const double {name} = {float(value)!r};")


def array(name, kind, values):
    print(f"static const {kind} {name}[] = {{{', '.join(repr(v.item()) for v in values)}}};")


print("/* Written by features.py: change it there. */\n/* clang-format off */")
print(f"enum {{ REAL = {REAL}, FAKE = {FAKE}, WIDTH = {WIDTH}, FEW = {FEW}, SUBSET = {SUBSET}, BINS = {BINS} }};")
line("frechet", frechet(fake, real))
line("frechet_few", few())
random = np.random.RandomState(2020)
real_rows, fake_rows = random.choice(REAL, SUBSET, replace=False), random.choice(FAKE, SUBSET, replace=False)
array("real_rows", "int64_t", real_rows)
array("fake_rows", "int64_t", fake_rows)
kernel = dict(kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1)
line("kid", kernel_mmd(real[real_rows], fake[fake_rows], **kernel))
# all samples: what random subsets are to give on average
line("kid_all", kernel_mmd(real[:FAKE], fake, **kernel))
precision, recall = calculate_precision_recall_full(torch.tensor(fake), torch.tensor(real), 3)
line("precision_3", round(precision * FAKE) / FAKE)  # its means are float32
line("recall_3", round(recall * REAL) / REAL)
with contextlib.redirect_stdout(io.StringIO()):
    prdc = compute_prdc(real, fake, 5)
for name in ("precision", "recall", "density", "coverage"):
    line(f"{name}_5", prdc[name])
histograms = [np.arange(BINS) * np.arange(BINS)[::-1] + 3., np.array([number(j) + 4 if j % 4 else 0. for j in range(BINS)])]
histograms = [h / h.sum() for h in histograms]
array("real_bins", "double", histograms[0])
array("fake_bins", "double", histograms[1])
precision, recall = prd_curve(histograms[1], histograms[0])
array("curve_at", "int", np.array([0, 100, 300, 500, 700, 900, 1000]))
array("curve_precision", "double", precision[[0, 100, 300, 500, 700, 900, 1000]])
array("curve_recall", "double", recall[[0, 100, 300, 500, 700, 900, 1000]])
line("bins_f8", best_f(precision, recall, 8))
line("bins_f1_8", best_f(precision, recall, 1 / 8))
precision, recall = prd()
line("prd_f8", best_f(precision, recall, 8))
line("prd_f1_8", best_f(precision, recall, 1 / 8))
