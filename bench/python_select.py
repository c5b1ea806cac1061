#!/usr/bin/env python3
"""What paydirt.select costs over the library's call, and beside scikit-activeml and modAL where they are installed.

    PYTHONPATH=build/python bench/python_select.py [--rows 10000000]"""
import argparse
import statistics
import time

import numpy as np

import paydirt
from paydirt import _arrays, _library, _select


def timed(function, times):
    """Medians of so many runs of each, in turn."""
    seconds = [[] for _ in function]
    for _ in range(times):
        for f, s in zip(function, seconds):
            begin = time.perf_counter()
            f()
            s.append(time.perf_counter() - begin)
    return [statistics.median(s) for s in seconds]


def the_call(logit, classes, strategy, k):
    """pd_strategy_choose alone, on arguments that are ready."""
    rows = np.empty(k, np.int64)
    pool = _library.ffi.new("struct pd_pool *", {"n": len(classes), "classes": classes.shape[1]})
    kept = [_arrays.pointer("float", logit), _arrays.pointer("float", classes), _arrays.pointer("int64_t", rows)]
    pool.logit, pool.class_logits = kept[:2]
    how = _library.ffi.new("struct pd_choice *", {"k": k})
    found = _select.find(strategy)
    return lambda: _library.call(_library.lib.pd_strategy_choose, found, pool, how, kept[2]), kept


def cost(rows, k):
    rng = np.random.default_rng(1)
    classes = rng.standard_normal((rows, 10), np.float32) * 3
    logit = rng.standard_normal(rows, np.float32)
    for strategy in ("gold", "entropy", "margin"):
        bare, kept = the_call(logit, classes, strategy, k)
        a, b = timed([lambda: paydirt.select(logit, classes, strategy=strategy, k=k), bare], 9)
        print("%-8s %d x 10: paydirt.select %.4f s, the library's call %.4f s: %.3f" % (strategy, rows, a, b, a / b), flush=True)


class Probabilities:
    """A classifier of both libraries, whose answer is known."""

    def __init__(self, p):
        self.p = p

    def predict_proba(self, x):
        return self.p


def beside_others(rows, k):
    rng = np.random.default_rng(2)
    logits = rng.standard_normal((rows, 10), np.float32) * 3
    e = np.exp(logits.astype(np.float64))
    p = e / e.sum(1, keepdims=True)
    single = p.astype(np.float32)
    ours = [lambda: paydirt.select(class_logits=logits, strategy="entropy", k=k),
            lambda: paydirt.select(probabilities=single, strategy="entropy", k=k)]
    from skactiveml.pool import uncertainty_scores
    from skactiveml.utils import simple_batch

    def skactiveml():
        return simple_batch(uncertainty_scores(p, method="entropy"), batch_size=k, random_state=0)

    from modAL.uncertainty import entropy_sampling

    def modal():
        return entropy_sampling(Probabilities(p), np.zeros((rows, 1)), n_instances=k)

    for name, theirs in (("scikit-activeml", skactiveml), ("modAL", modal)):
        found = theirs()
        found = found[0] if isinstance(found, tuple) else found
        same = set(np.asarray(found).ravel()) == set(ours[0]())
        a, a2, b = timed(ours + [theirs], 3)
        print("%s, entropy, %d x 10, k %d: %.3f s; paydirt.select %.4f s (%.1f times as fast), of probabilities %.4f s (%.1f); "
              "%s rows" % (name, rows, k, b, a, b / a, a2, b / a2, "the same" if same else "OTHER"), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--k", type=int, default=1000)
    args = parser.parse_args()
    cost(args.rows, args.k)
    try:
        import modAL  # noqa: F401
        import skactiveml  # noqa: F401
    except ImportError as e:
        print("beside others: %s" % e)
    else:
        beside_others(args.rows // 10, args.k)
