#!/usr/bin/env python3
"""Writes obrs.h: what optimal budgeted rejection sampling accepts of a burn-in of 499, for test/golden/test_obrs.c.

Needs NumPy. c_K by bisection of its logarithm in 80 bits, which the library doesn't do; gamma of DRS for the same part
likewise. The burn-in is not stored: logit j is made from 32 mixed bits, which the test does again, exactly in float.
Run: python3 test/golden/obrs.py > test/golden/obrs.h
"""
import numpy as np

N, SHOWN = 499, 12  # no part below is a whole number of rows, where large scores leave c_K open
KEEPS = [1, 0.999, 0.9, 0.5, 0.25, 0.1, 0.01, 0.001]
FACTORS = [1, 16, 4096]  # up to a logit of 4, 64, 16,384; powers of 2, so that a float holds the product


def numbers():  # in [-4, 4), multiples of 2^-21
    j = np.arange(N, dtype=np.uint64)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        j = (j ^ j >> np.uint64(shift)) * np.uint64(factor) % np.uint64(2**32)
    return ((j ^ j >> np.uint64(16)) >> np.uint64(8)).astype(np.longdouble) / 2**21 - 4


def bisect(low, high, rises):  # the last point where rises() is false, to 80 bits
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) else (middle, high)
    return low


def obrs(d, keep):
    a = d - d.max()  # log r / M

    def accept(log_c):
        return np.exp(np.minimum(0, a + log_c))

    if keep == 1:
        return np.inf, np.ones_like(d)
    log_c = np.longdouble(0)
    if accept(log_c).mean() < keep:
        log_c = bisect(log_c, -a.min() + 1, lambda c: accept(c).mean() >= np.longdouble(keep))
    return log_c, accept(log_c)


def drs(d, keep):
    a = d - d.max()
    f = a - np.log(-np.expm1(a) + np.longdouble("1e-6"))

    def accept(gamma):
        return 1 / (1 + np.exp(np.clip(gamma - f, -11000, 11000)))

    if keep == 1:
        return np.ones_like(d)
    return accept(bisect(f.min() - 50, f.max() + 50, lambda g: accept(g).mean() <= np.longdouble(keep)))


def line(values):
    return "{" + ", ".join("INFINITY" if np.isinf(v) else f"{v:.17g}" for v in map(float, values)) + "}"


print("/* Made by obrs.py: do not edit. */\n/* clang-format off */")
print(f"enum {{ OBRS_ROWS = {N}, OBRS_SHOWN = {SHOWN} }}; /* the first rows' acceptance */\n")
print("static const struct {\n    double factor, keep, log_c, mean, obrs[OBRS_SHOWN], drs[OBRS_SHOWN];\n} budgets[] = {")
for factor in FACTORS:
    for keep in KEEPS:
        d = numbers() * factor
        log_c, accept = obrs(d, keep)
        print(f"    {{{factor}, {keep}, {line([log_c, accept.mean()])[1:-1]},\n     {line(accept[:SHOWN])},\n"
              f"     {line(drs(d, keep)[:SHOWN])}}},")
print("};")
