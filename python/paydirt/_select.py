"""Which rows to label next."""
from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from ._arrays import (features_of, floats, host, index_of, is_mask, numbers, pointer, rounded, rows_of, same_columns, same_index,
                      shape_text, whole_numbers)
from ._library import Callbacks, UsageError, call, check, ffi, flag, lib, new_error, one_of, openmp, real, tell, text, whole

_JUDGED = 1 << 19  # numbers, as `paydirt select` looks at
_ROUNDED = 0.005  # sums of probabilities that were rounded to few digits
_SURE = 750.0  # the logit of 1, PD_LOGIT_MOST
_DIVERSE = {"k-center": lib.PD_DIVERSE_K_CENTER, "k-means++": lib.PD_DIVERSE_K_MEANS}


class Strategy(NamedTuple):
    """A way to choose rows: its name, another one, a line about it, the arguments that it needs, and whether it scores each
    row for itself (else it chooses rows together)."""

    name: str
    also: Optional[str]
    summary: str
    needs: Tuple[str, ...]
    scores: bool


_NEEDS = ((lib.PD_POOL_LOGIT, "logits"), (lib.PD_POOL_CLASS_LOGITS, "class_logits"), (lib.PD_POOL_FEATURES, "features"),
          (lib.PD_POOL_PASSES, "passes"))


def strategies() -> List[Strategy]:
    """All strategies.

    Examples
    --------
    >>> [s.name for s in paydirt.strategies() if s.needs == ("class_logits",)]
    """
    out: List[Strategy] = []
    while True:
        s = lib.pd_strategy_at(len(out))
        if s == ffi.NULL:
            return out
        out.append(Strategy(text(s.name), text(s.also) or None, text(s.summary),
                            tuple(name for bit, name in _NEEDS if s.needs & bit), s.score != ffi.NULL))


# --- the arrays ---------------------------------------------------------------------------------------------


def look(name: str, a: NDArray[np.float32], sigmoid: bool, remedy: str, otherwise: str) -> None:
    """Refuses what are probabilities and no logits. remedy: where they are; otherwise: where not."""
    classes = 1 if sigmoid else a.shape[-1]
    rows = min(a.size // max(classes, 1), max(_JUDGED // max(classes, 1), 64))
    scale = (lib.pd_scale_of_numbers(rows, pointer("float", a)) if sigmoid
             else lib.pd_scale_of_classes(rows, classes, pointer("float", a)))
    words = {lib.PD_SCALE_PROBABILITIES: "rows within [0, 1] that sum to 1, probabilities",
             lib.PD_SCALE_PERCENTAGES: "rows that sum to 100, percentages: divide by 100, and give them as probabilities=",
             lib.PD_SCALE_COUNTS: "rows of one sum, none below 0, counts or sums of probabilities: divide by that sum, and give them as probabilities=",
             lib.PD_SCALE_SIGMOIDS: "all within [0, 1], as after a sigmoid" + ("" if sigmoid else " for each class: take the numbers before it"),
             lib.PD_SCALE_MINUS_LOGS: "rows of -log p, a loss for each class: take them with the other sign"}
    if scale in words:
        ways = (remedy, otherwise) if sigmoid or scale == lib.PD_SCALE_PROBABILITIES else (otherwise,)
        raise UsageError("%s: %s (%s)" % (name, words[scale], "; ".join(ways)))
    column = -1 if sigmoid else lib.pd_column_of_numbers(rows, classes, pointer("float", a))
    if column >= 0:
        raise UsageError("%s: column %d of %d holds whole numbers beside fractions, labels or row numbers: leave it out (%s)"
                         % (name, column, classes, otherwise))


def _logits_of(probabilities: Any) -> NDArray[np.float32]:
    """Of a softmax's outputs, by row."""
    p = np.array(floats(probabilities, "probabilities"))  # a copy
    if p.ndim != 2 or p.shape[1] < 2:
        raise UsageError("probabilities: shape %s, expected (rows, classes), 2 classes or more" % shape_text(p))
    off = ffi.new("double *")
    call(lib.pd_class_logits_from, lib.PD_SCALE_PROBABILITIES, 0, p.shape[0], p.shape[1], pointer("float", p), off)
    if off[0] > _ROUNDED:
        tell("probabilities: rows sum to 1 within %.2g only, as rounded numbers do: taken as parts of their sum" % off[0])
    return p


def _real_fake(logits: Any, sigmoid: Optional[bool], needed: bool) -> NDArray[np.float32]:
    given = numbers(logits, "logits")
    a = floats(given, "logits")
    if a.ndim != 1 and not (a.ndim == 2 and a.shape[1] == 1):
        raise UsageError("logits: shape %s, expected (rows), one real/fake logit each; those of classes are class_logits="
                         % shape_text(a))
    a = a.reshape(-1)
    if sigmoid:
        p = given.reshape(-1).astype(np.float64)
        if not ((p >= 0) & (p <= 1)).all():
            raise UsageError("logits: row %d is no probability, expected 0 to 1" % np.flatnonzero(~((p >= 0) & (p <= 1)))[0])
        sure = np.count_nonzero((p == 0) | (p == 1))
        if needed and sure:
            tell("logits: %d of %d are exactly 0 or 1, and come last or first: their logits would order them" % (sure, len(p)))
        with np.errstate(divide="ignore"):
            clipped: NDArray[np.float32] = np.clip(np.log(p) - np.log1p(-p), -_SURE, _SURE).astype(np.float32)
        return clipped
    if needed and sigmoid is None and len(a):
        look("logits", a, True, "if they are: sigmoid=True", "if they are logits before it: sigmoid=False")
    return rounded(given, "logits", 1, a)


def _class_logits(given: Any, judge: bool) -> NDArray[np.float32]:
    given = numbers(given, "class_logits")
    a = floats(given, "class_logits")
    if a.ndim == 2 and a.shape[1] == 1 or a.ndim == 1:
        raise UsageError("class_logits: shape %s, expected (rows, classes); of one number x for the second of two classes: "
                         "np.stack([0 * x, x], axis=1)" % shape_text(a))
    if a.ndim != 2:
        raise UsageError("class_logits: shape %s, expected (rows, classes)" % shape_text(a))
    if len(a) and not a.size:
        raise UsageError("class_logits: shape %s, expected 2 classes or more" % shape_text(a))
    a = rounded(given, "class_logits", a.shape[1], a, classes=True)
    if judge and len(a):
        look("class_logits", a, False, "if they are: probabilities= in place of class_logits=", "if they are logits: judge=False")
    return a


def _parts(passes: Any) -> Dict[str, Any]:
    """Of passes in a list each, by name; else none."""
    return {"passes[%d]" % i: x for i, x in enumerate(passes)} if isinstance(passes, (list, tuple)) else {}


def _passes(given: Any, judge: bool) -> NDArray[np.float32]:
    parts = _parts(given)
    given = numbers([numbers(part, name) for name, part in parts.items()] if parts else given, "passes")
    a = floats(given, "passes")
    if a.ndim != 3:
        raise UsageError("passes: shape %s, expected (passes, rows, classes)" % shape_text(a))
    if len(a) < 2 or a.shape[2] < 2:
        raise UsageError("passes: shape %s, expected 2 passes and 2 classes or more" % shape_text(a))
    a = rounded(given, "passes", a.shape[2], a, classes=True)
    if judge and a.size:
        look("passes", a, False, "take their logarithms: np.log", "if they are logits: judge=False")
    if len(a) > a.shape[1] > 0:
        tell("passes: shape %s, more passes than rows: is it (rows, passes, classes)?" % shape_text(a))
    return a


def _features(given: Any) -> NDArray[np.float32]:
    a = features_of(given, "features")
    if a.ndim < 2:
        raise UsageError("features: shape %s, expected (rows, width)" % shape_text(a))
    if len(a) and not a.size:
        raise UsageError("features: shape %s, expected a feature or more" % shape_text(a))
    return a.reshape(len(a), -1) if len(a) else a.reshape(0, 1)


def _labelled(given: Any, n: int, **pool: Any) -> NDArray[np.int64]:
    """pool: its arrays, whose rows pandas may call otherwise than by their numbers."""
    if hasattr(given, "get_indexer"):  # pandas' Index
        for name, x in pool.items():
            own = index_of(x)
            if hasattr(own, "get_indexer") and not np.array_equal(np.asarray(own), np.arange(n)):
                raise UsageError("labelled: an index, and that of %s is not 0 to %d: expected row numbers "
                                 "(%s.index.get_indexer(labelled))" % (name, n - 1, name))
    if is_mask(given) and index_of(given) is not None:
        if given.isna().any():
            raise UsageError("labelled: a mask with missing values, expected True or False for each row")
        given = given.to_numpy(dtype=bool)
    a = host(given, "labelled")
    if a.dtype == np.bool_:
        if a.shape != (n,):
            raise UsageError("labelled: a mask of shape %s, expected (%d)" % (shape_text(a), n))
        return np.flatnonzero(a).astype(np.int64)
    rows = whole_numbers(a, "labelled")
    if len(rows) == n > 2 and rows.min() >= 0 and rows.max() <= 1:
        raise UsageError("labelled: 0 or 1 for each row, expected row numbers, or a mask of bools (labelled.astype(bool))")
    values, times = np.unique(rows, return_counts=True)
    if len(values) < len(rows):
        raise UsageError("labelled: row %d comes twice, expected the numbers of labelled rows, each once, or a mask of bools"
                         % values[times > 1][0])
    return rows


class Pool:
    """Arrays as a struct pd_pool, kept alive."""

    def __init__(self, strategy: Any, logits: Any, class_logits: Any, features: Any, passes: Any, labelled: Any,
                 probabilities: Any, sigmoid: Optional[bool], judge: bool) -> None:
        needs = strategy.needs
        if class_logits is not None and probabilities is not None:
            raise UsageError("class_logits and probabilities are both given, expected one of them")
        same_index(logits=logits, class_logits=class_logits, probabilities=probabilities, features=features,
                   labelled=labelled if is_mask(labelled) else None, **_parts(passes))
        same_columns(**_parts(passes))
        # What a strategy does not need only says how many rows there are.
        one = None if logits is None else _real_fake(logits, sigmoid, bool(needs & lib.PD_POOL_LOGIT))
        looked = judge and bool(needs & lib.PD_POOL_CLASS_LOGITS)
        many = (_logits_of(probabilities) if probabilities is not None
                else None if class_logits is None else _class_logits(class_logits, looked))
        seen = None if passes is None else _passes(passes, judge and bool(needs & lib.PD_POOL_PASSES))
        wide = None if features is None else _features(features)
        if many is not None and seen is not None and many.shape[1] != seen.shape[2]:
            raise UsageError("passes: %d classes, class_logits has %d" % (seen.shape[2], many.shape[1]))
        self.n = rows_of(logits=one, class_logits=many, features=wide, passes=None if seen is None else seen[0])
        known = np.zeros(0, np.int64) if labelled is None else _labelled(
            labelled, self.n, logits=logits, class_logits=class_logits, probabilities=probabilities, features=features)
        self.width = 0 if wide is None else wide.shape[1]
        self.features = wide
        self._arrays = [pointer("float", one), pointer("float", many), pointer("float", wide), pointer("float", seen),
                        pointer("int64_t", known)]
        if many is not None and many.shape[1] > len(many) > 0:
            tell("class_logits: %d rows of %d classes: is it transposed?" % many.shape)
        self.c = ffi.new("struct pd_pool *", {
            "n": self.n, "classes": many.shape[1] if many is not None else seen.shape[2] if seen is not None else 0,
            "logit": self._arrays[0], "class_logits": self._arrays[1], "width": self.width, "features": self._arrays[2],
            "passes": 0 if seen is None else len(seen), "pass_logits": self._arrays[3],
            "labelled": len(known), "labelled_rows": self._arrays[4]})


def find(name: str) -> Any:
    """A struct pd_strategy."""
    if not isinstance(name, str):
        raise UsageError("strategy: %r, expected a name of strategies()" % (name,))
    err = new_error()
    strategy = lib.pd_strategy_find(name.encode(), err)
    if strategy == ffi.NULL:
        check(err.status, err)
    return strategy


# --- choosing -----------------------------------------------------------------------------------------------


def _work(callbacks: Callbacks, count: int) -> Any:
    """Ctrl-C is seen whenever the watch is called."""
    return ffi.new("struct pd_feature_work *", {
        "threads": count, "watch": callbacks.make("bool(void *, uint64_t, uint64_t)", lambda *_: callbacks.is_stopped(), True)})


def _choose(strategy: Any, pool: Pool, k: int, seed: int, balanced: bool, clusters: int, radius: float,
            thread_count: int) -> NDArray[np.int64]:
    rows = np.empty(k, np.int64)
    callbacks = Callbacks()
    with openmp(thread_count) as count:
        work = _work(callbacks, count)
        how = ffi.new("struct pd_choice *", {"k": k, "seed": seed, "balanced": balanced, "clusters": clusters, "radius": radius,
                                             "work": work})
        callbacks.call(lib.pd_strategy_choose, strategy, pool.c, how, pointer("int64_t", rows))
    return rows


def _check_options(strategy: Any, balanced: bool, clusters: int = 0, radius: float = 0.0, diverse: Optional[str] = None) -> None:
    """Refuses what the strategy does nothing with."""
    name = text(strategy.name)
    for given, does_nothing, words in (
            (balanced, strategy.observe == ffi.NULL, "balanced: strategy '%s' has no terms to balance"),
            (clusters, name not in ("typiclust", "probcover"), "clusters: strategy '%s' has none"),
            (radius, name != "probcover", "radius: strategy '%s' has no balls"),
            (diverse is not None, strategy.score == ffi.NULL, "diverse: strategy '%s' chooses rows together already")):
        if given and does_nothing:
            raise UsageError(words % name)


def _spread(diverse: str, strategy: Any, pool: Pool, k: int, candidates: int, seed: int, balanced: bool,
            thread_count: int) -> NDArray[np.int64]:
    diverse = one_of("diverse", diverse, _DIVERSE)
    if pool.features is None:
        raise UsageError("diverse: features= is missing, whose distances it goes by")
    known = len(np.unique(np.frombuffer(ffi.buffer(pool.c.labelled_rows, 8 * pool.c.labelled), np.int64)))
    if 0 < candidates < k:
        raise UsageError("candidates: %d, less than k (%d)" % (candidates, k))
    if pool.n - known < k:
        raise UsageError("%d rows asked for, the pool has %d%s" % (k, pool.n - known, " without a label" if known else ""))
    most = min(candidates or 10 * k, pool.n - known)
    best = _choose(strategy, pool, most, seed, balanced, 0, 0.0, thread_count)
    near = np.ascontiguousarray(pool.features[best])
    chosen = np.empty(k, np.int64)
    with openmp(thread_count):
        call(lib.pd_diverse_choose, _DIVERSE[diverse], most, pointer("int64_t", best), pool.width, pointer("float", near), k,
             seed, pointer("int64_t", chosen))
    return best[chosen]


def select(logits: Any = None, class_logits: Any = None, *, strategy: str = "gold", k: int = 100, features: Any = None,
           passes: Any = None, labelled: Any = None, probabilities: Any = None, balanced: bool = False,
           diverse: Optional[str] = None, candidates: Optional[int] = None, clusters: int = 0, radius: float = 0.0,
           sigmoid: Optional[bool] = None, judge: bool = True, seed: int = 1, threads: int = 0) -> NDArray[np.int64]:
    """The rows to label next.

    Arrays are NumPy's, PyTorch's, JAX's, CuPy's or whatever has DLPack or an array interface. float32 in C order in the
    host's memory is not copied.

    Parameters
    ----------
    logits : array (n), optional
        Real or fake, before the sigmoid: what `gold` needs beside class logits.
    class_logits : array (n, classes), optional
        Before the softmax.
    strategy : str
        A name of `strategies()`: "gold", "entropy", "margin", "coreset", "badge", ...
    k : int
        How many rows.
    features : array (n, ...), optional
        Such as a network's last hidden layer. Arrays that the strategy does not need say how many rows there are, and no more.
    passes : array (passes, n, classes), optional
        Class logits of several stochastic passes, for `bald`.
    labelled : array, optional
        Numbers (positions, from 0) of the rows that have a label already, or a mask (n) of bools. They are never chosen.
    probabilities : array (n, classes), optional
        After the softmax, in place of class_logits.
    balanced : bool
        gold: its two terms weighed by their standard deviations.
    diverse : str, optional
        "k-center" or "k-means++": k rows spread out in features among the best-scored candidates.
    candidates : int, optional
        For diverse: how many; ten times k where nothing is said.
    clusters, radius : int, float
        typiclust, probcover: doc/select.md; 0: by the data.
    sigmoid : bool, optional
        Whether logits are probabilities after a sigmoid. None: what looks so is refused.
    judge : bool
        False: class logits that look like probabilities are logits all the same.
    seed : int
        Fixes draws, and the order of equal scores; the default is that of `paydirt select`.
    threads : int
        0: as many as the process may use. Rows do not depend on it.

    Returns
    -------
    rows : array (k) of int64
        Positions, from 0 (of a DataFrame: `frame.iloc[rows]`); best first, or in order of choice.

    Raises
    ------
    UsageError
        An array that is missing or of another shape, a number that is not finite (with its row), probabilities in place of
        logits, fewer rows without a label than k.

    Examples
    --------
    >>> rows = paydirt.select(logits, class_logits, strategy="gold", k=100)
    >>> rows = paydirt.select(features=f, labelled=idx, probabilities=p, strategy="badge", k=100)
    """
    found = find(strategy)
    balanced, clusters, radius = flag("balanced", balanced), whole("clusters", clusters, 10**6), real("radius", radius)
    _check_options(found, balanced, clusters, radius, diverse)
    pool = Pool(found, logits, class_logits, features, passes, labelled, probabilities, sigmoid, judge)
    k = whole("k", k, pool.n)
    seed = whole("seed", seed, 2**64 - 1)
    if diverse is not None:
        return _spread(diverse, found, pool, k, whole("candidates", candidates or 0, 10**12), seed,
                       balanced, threads)
    if candidates is not None:
        raise UsageError("candidates: nothing is spread over them (diverse=%s)" % " or ".join(repr(d) for d in _DIVERSE))
    return _choose(found, pool, k, seed, balanced, clusters, radius, threads)


def scores(logits: Any = None, class_logits: Any = None, *, strategy: str = "gold", features: Any = None, passes: Any = None,
           probabilities: Any = None, balanced: bool = False, sigmoid: Optional[bool] = None, judge: bool = True, seed: int = 1,
           threads: int = 0) -> NDArray[np.float64]:
    """A strategy's score of each row, the larger the sooner it is selected; arguments as of `select`.

    Returns
    -------
    scores : array (n) of float64

    Raises
    ------
    UsageError
        As `select`; also a strategy that chooses rows together.
    """
    found = find(strategy)
    balanced = flag("balanced", balanced)
    _check_options(found, balanced)
    pool = Pool(found, logits, class_logits, features, passes, None, probabilities, sigmoid, judge)
    out = np.empty(pool.n)
    with openmp(threads):
        call(lib.pd_strategy_score, found, pool.c, balanced, whole("seed", seed, 2**64 - 1), pointer("double", out))
    return out

