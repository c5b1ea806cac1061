"""How good generated samples are, by features of any network, by Inception's, or by a classifier.

    paydirt.metrics.frechet(real_features, fake_features)
    paydirt.metrics.fid(real_images, fake_images, weights="inception.safetensors")

Each gives a `Result`, a number with what goes with it. What the numbers mean, and how few samples bias them: doc/metrics.md.
"""
from __future__ import annotations

import math
import os
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from ._arrays import features_of, host, pointer, same_columns, same_index, shape_text
from ._images import pixels_of
from ._labels import labels_of, sorted_names
from ._library import Callbacks, UsageError, call, check, ffi, lib, new_error, openmp, path_text, tell, text, whole

__all__ = ["Result", "dc", "features", "fid", "fitting_capacity", "frechet", "gan_test", "inception_score", "kid", "pr", "prd"]

Weights = Union[str, "os.PathLike[str]", None]


class Result(float):
    """A metric's value.

    Attributes
    ----------
    name : str
    numbers : dict
        All that the metric gives, by name: {"precision": 0.7, "recall": 0.6, ...}.
    error : float
        Standard error over the images, of `kid` over its subsets (their deviation / sqrt(subsets)); NaN: not known.
    note : str
        What to know of the number, or "".
    curve : (precision, recall) or None
        Of `prd`: arrays (1001).
    """

    name: str
    numbers: Dict[str, float]
    error: float
    note: str
    curve: Optional[Tuple[NDArray[np.float64], NDArray[np.float64]]]

    def __new__(cls, value: float, name: str = "", numbers: Optional[Dict[str, float]] = None, error: float = math.nan,
                note: str = "", curve: Any = None) -> "Result":
        self = super().__new__(cls, value)
        self.name, self.numbers, self.error, self.note, self.curve = name, dict(numbers or {}), error, note, curve
        return self

    def __getnewargs__(self) -> Tuple[Any, ...]:
        return (float(self), self.name, self.numbers, self.error, self.note, self.curve)

    def __repr__(self) -> str:
        return "<%s %s%s>" % (self.name, ", ".join("%s %.6g" % item for item in self.numbers.items()),
                              "; " + self.note if self.note else "")


# --- measuring ----------------------------------------------------------------------------------------------


def _measure(name: str, given: Dict[str, Any], calls: Callbacks, curve: Any = None) -> Result:
    err = new_error()
    metric = lib.pd_metric_find(name.encode(), err)
    if metric == ffi.NULL:
        check(err.status, err)
    out = ffi.new("struct pd_metric_result *")
    calls.call(lib.pd_metric_measure, metric, ffi.new("struct pd_metric_input *", given), out)
    numbers = {text(n.key): int(n.value) if n.whole else n.value for n in out.numbers[0:out.count]}
    both = None
    if curve is not None:
        both = tuple(np.frombuffer(ffi.buffer(getattr(curve, side)), np.float64).copy() for side in ("precision", "recall"))
    return Result(out.value, name, numbers, out.error, text(out.note), both)


def _work(calls: Callbacks, threads: int) -> Dict[str, Any]:
    return {"threads": threads, "watch": calls.make("bool(void *, uint64_t, uint64_t)", lambda *_: calls.is_stopped(), True)}


def _of_features(name: str, real: Any, fake: Any, weights: Weights, threads: int, **how: Any) -> Result:
    calls = Callbacks()
    same_columns(real=real, fake=fake)
    a, b = _seen(real, "real", weights, threads), _seen(fake, "fake", weights, threads)
    curve = ffi.new("struct pd_prd_result *") if name == "prd" else None
    how = {option: whole(option, value, 2**31 - 1, option != "subset_size") if option != "seed" else whole(option, value, 2**64 - 1)
           for option, value in how.items()}
    seed = how.pop("seed", 0)
    with openmp(threads) as count:
        f = ffi.new("struct pd_metric_features *", {"work": _work(calls, count), **how})
        kept = []
        try:
            for to, x, words in ((f.real, a, "real"), (f.fake, b, "fake")):
                kept.append(pointer("float", x))
                to.name = words.encode()
                to.width, to.count = x.shape[1], len(x)
                to.set.n, to.set.width, to.set.values = len(x), x.shape[1], kept[-1]
            if curve is not None:
                f.prd = curve
            return _measure(name, {"features": f, "seed": seed, "threads": count}, calls, curve)
        finally:
            f.real.set.values = f.fake.set.values = ffi.NULL  # NumPy's
            lib.pd_metric_features_release(f)


def _seen(given: Any, what: str, weights: Weights, threads: int) -> NDArray[np.float32]:
    """Features (n, width): as given, or Inception's of images."""
    if host(given, what).ndim == 2:
        if weights is not None:
            raise UsageError("%s: features, shape %s; weights= is for images" % (what, shape_text(host(given, what))))
        x = features_of(given, what)
        if not len(x):
            raise UsageError("%s: no samples" % what)
        return x
    if weights is None:
        raise UsageError("%s: shape %s, expected features (n, width), or images and weights=, Inception's"
                         % (what, shape_text(host(given, what))))
    return _inception(given, what, weights, threads)[0]


# --- Inception ----------------------------------------------------------------------------------------------


def _inception(images: Any, what: str, weights: Any, threads: int) -> Tuple[NDArray[np.float32], NDArray[np.float32]]:
    pixels = pixels_of(images, what, [])[0]
    if pixels.ndim != 4:
        raise UsageError("%s: points, expected images" % what)
    calls, out = Callbacks(), ffi.new("struct pd_inception **")
    kept = pointer("uint8_t", pixels)
    with openmp(threads) as count:
        call(lib.pd_inception_open, os.fsencode(path_text(weights, "weights")), count, out)
        net = ffi.gc(out[0], lib.pd_inception_destroy)
        n, channels, height, width = pixels.shape
        set_ = ffi.new("struct pd_inception_images *", {"n": n, "channels": channels, "height": height, "width": width,
                                                        "pixels": kept})
        f, logits = np.empty((n, lib.PD_INCEPTION_FEATURES), np.float32), np.empty((n, lib.PD_INCEPTION_CLASSES), np.float32)
        work = ffi.new("struct pd_feature_work *", _work(calls, count))
        calls.call(lib.pd_inception_run, net, set_, work, pointer("float", f), pointer("float", logits))
    return f, logits


def features(images: Any, *, weights: Weights, threads: int = 0) -> NDArray[np.float32]:
    """Inception's features of images, (n, 2048).

    Parameters
    ----------
    images : array
        (n, H, W), (n, H, W, C) or (n, C, H, W): uint8, or floats as of `paydirt.train`.
    weights : path
        Of `paydirt weights import`.
    threads : int
        0: as many as the process may use.
    """
    return _inception(images, "images", weights, threads)[0]


def inception_score(images: Any, *, weights: Weights, splits: int = 10, seed: int = 0, threads: int = 0) -> Result:
    """Inception Score of generated images (Salimans et al. 2016), mean over `splits` parts."""
    splits, seed = whole("splits", splits, 2**31 - 1, 1), whole("seed", seed, 2**64 - 1)
    logits = _inception(images, "images", weights, threads)[1]
    out = ffi.new("struct pd_inception_score *")
    call(lib.pd_inception_score, len(logits), logits.shape[1], pointer("float", logits), splits, seed, out)
    return Result(out.value, "is", {"value": out.value, "deviation": out.deviation, "splits": out.splits})


# --- of features --------------------------------------------------------------------------------------------


def frechet(real: Any, fake: Any, *, threads: int = 0) -> Result:
    """The squared Fréchet distance of features (n, width) of any network; of Inception's it is an FID.

    Parameters
    ----------
    real, fake : array (n, width)
    threads : int
        0: as many as the process may use.

    Returns
    -------
    Result
        Lower is better.

    Examples
    --------
    >>> float(paydirt.metrics.frechet(f_real, f_fake))
    """
    return _of_features("frechet", real, fake, None, threads)


def fid(real: Any, fake: Any, *, weights: Weights, threads: int = 0) -> Result:
    """FID of images (Heusel et al. 2017), by Inception's weights (`paydirt weights import`); lower is better."""
    if weights is None:
        raise UsageError("fid: weights= is missing, Inception's (paydirt weights import); of features of others it is frechet")
    return _of_features("fid", real, fake, weights, threads)


def kid(real: Any, fake: Any, *, weights: Weights = None, subsets: int = 100, subset_size: int = 0, seed: int = 0,
        threads: int = 0) -> Result:
    """Kernel distance (Bińkowski et al. 2018) of features, or of images with Inception's weights; lower is better.

    Parameters
    ----------
    real, fake : array
        Features (n, width), or images where weights are given.
    weights : path, optional
        Inception's.
    subsets, subset_size : int
        Random subsets, and samples in each; 0: 1,000, or the smaller set.
    seed, threads : int
    """
    return _of_features("kid", real, fake, weights, threads, subsets=subsets, subset_size=subset_size, seed=seed)


def prd(real: Any, fake: Any, *, weights: Weights = None, seed: int = 0, threads: int = 0) -> Result:
    """Precision and recall of distributions (Sajjadi et al. 2018): F8, which weighs recall; `numbers` has F1/8, `curve` the
    curve."""
    return _of_features("prd", real, fake, weights, threads, seed=seed)


def pr(real: Any, fake: Any, *, weights: Weights = None, k: int = 3, threads: int = 0) -> Result:
    """Precision; `numbers` has recall (Kynkäänniemi et al. 2019), by balls around the k nearest neighbours."""
    return _of_features("pr", real, fake, weights, threads, k=k)


def dc(real: Any, fake: Any, *, weights: Weights = None, k: int = 5, threads: int = 0) -> Result:
    """Density; `numbers` has coverage (Naeem et al. 2020), by balls around the k nearest neighbours."""
    return _of_features("dc", real, fake, weights, threads, k=k)


# --- by a classifier ----------------------------------------------------------------------------------------


class _Labelled(NamedTuple):
    images: NDArray[np.float32]
    labels: NDArray[np.int32]
    names: Optional[List[str]]


def _by_value(s: _Labelled) -> _Labelled:
    """Numbers as names, to stand beside those of another set."""
    numbers, place = np.unique(s.labels[s.labels >= 0], return_inverse=True)
    labels = s.labels.copy()
    labels[labels >= 0] = place
    return s._replace(labels=labels, names=[str(n) for n in numbers])


def _by_one_list(sets: Dict[str, _Labelled]) -> Dict[str, _Labelled]:
    """The sets with labels of one list of names: a set need not have all classes."""
    named = [s.names for s in sets.values() if s.names]
    if named and all(w.isdigit() and str(int(w)) == w for words in named for w in words):
        sets = {what: s if s.names else _by_value(s) for what, s in sets.items()}
    every: Set[str] = set()
    names = sorted_names(every.union(*(s.names for s in sets.values() if s.names)))
    place = {name: i for i, name in enumerate(names)}
    if names and not all(s.names for s in sets.values()):
        tell("labels are names in one set and numbers in another: taken as places among %s" % ", ".join(names))
    sets = {what: s if not s.names else
            s._replace(labels=np.array([place[n] for n in s.names] + [-1], np.int32)[s.labels])  # the last for -1
            for what, s in sets.items()}
    _compare(sets, names)
    return sets


def _compare(sets: Dict[str, _Labelled], names: List[str]) -> None:
    """Refuses sets of other classes, and says where one has not all."""
    seen = {"fake" if what == "generated" else what: set(s.labels[s.labels >= 0].tolist())
            for what, s in sets.items()}
    every: Set[int] = set()
    every = every.union(*seen.values())
    lacks = {what: ", ".join(repr(names[k]) if names else str(k) for k in sorted(every - has)[:9])
             for what, has in seen.items() if has < every}
    if len(lacks) == len(sets):
        raise UsageError("labels: other classes in each set (%s): expected the same"
                         % "; ".join("%s: none of %s" % item for item in lacks.items()))
    for what, words in lacks.items():
        tell("%s: no image of class %s, which another set has" % (what, words))


def _labelled(images: NDArray[Any], labels: Any, what: str, like: int) -> _Labelled:
    pixels = pixels_of(images, what, [], like, "the other images")[0]
    known, _, names = labels_of(labels, len(pixels), None, [], by_number=True)
    if pixels.ndim == 4 and pixels.shape[2] != pixels.shape[3]:
        raise UsageError("%s: images of %d x %d, expected squares" % (what, pixels.shape[2], pixels.shape[3]))
    x = pixels if pixels.ndim == 2 else np.float32(1 / 127.5) * pixels - np.float32(1)
    return _Labelled(np.ascontiguousarray(x, dtype=np.float32), known, names)


def _sets(**given: Tuple[str, Any, Any]) -> Dict[str, _Labelled]:
    """By name: what it is called in messages, images, labels. Floats of one that reach below 0 say what those of the others mean."""
    for what, images, labels in given.values():
        same_index(**{what: images, "labels": labels})
    same_columns(**{what: images for what, images, _ in given.values()})
    arrays = {member: host(images, what) for member, (what, images, _) in given.items()}
    below = any(a.dtype.kind == "f" and a.size and a.min() < -0.005 for a in arrays.values())
    like = lib.PD_PIXELS_SIGNED if below else 0
    return {member: _labelled(arrays[member], labels, what, like) for member, (what, _, labels) in given.items()}


def _by_classifier(name: str, sets: Dict[str, _Labelled], classifier: str, epochs: int, seed: int, threads: int) -> Result:
    epochs, seed = whole("epochs", epochs, 2**31 - 1), whole("seed", seed, 2**64 - 1)
    if not isinstance(classifier, str):
        raise UsageError("classifier: %r, expected a name" % (classifier,))
    sets = _by_one_list(sets)
    shapes = {s.images.shape[1:] for s in sets.values()}
    if len(shapes) > 1:
        raise UsageError("images of %s: expected one shape" % " and of ".join(" x ".join(map(str, s)) for s in sorted(shapes)))
    shape = shapes.pop()
    calls = Callbacks()
    kept = []
    given: Dict[str, Any] = {}
    for member, s in sets.items():
        kept += [pointer("float", s.images), pointer("int32_t", s.labels)]
        kept.append(ffi.new("struct pd_labelled_images *", {"images": kept[-2], "labels": kept[-1], "count": len(s.labels)}))
        given[member] = kept[-1]
    kept.append(ffi.new("char[]", classifier.encode()))
    classes = 1 + max(int(s.labels.max()) for s in sets.values())
    given.update(channels=shape[0], size=shape[1] if len(shape) > 1 else 0, classes=classes, seed=seed, classifier=kept[-1],
                 epochs=epochs, progress=calls.make("void(void *, int, int, double)", lambda *_: None))
    with openmp(threads) as count:
        given["threads"] = count
        return _measure(name, given, calls)


def fitting_capacity(fake: Any, fake_labels: Any, real: Any, real_labels: Any, *, classifier: str = "lenet", epochs: int = 40,
                     seed: int = 0, threads: int = 0) -> Result:
    """Accuracy on real images of a classifier that is trained on generated ones alone (GAN-train).

    Parameters
    ----------
    fake, fake_labels : array
        Generated images, or points, and their classes.
    real, real_labels : array
        Real ones that the generator has not seen. Names and numbers are matched by value; where each set has a class that the
        other lacks, they are refused.
    classifier : str
        "lenet", "cnn" or "resnet".
    epochs, seed, threads : int
    """
    return _by_classifier("fitting-capacity", _sets(generated=("fake", fake, fake_labels), real=("real", real, real_labels)),
                          classifier, epochs, seed, threads)


def gan_test(fake: Any, fake_labels: Any, training: Any, training_labels: Any, real: Any, real_labels: Any, *,
             classifier: str = "lenet", epochs: int = 40, seed: int = 0, threads: int = 0) -> Result:
    """Accuracy on generated images of a classifier that is trained on real ones; `real` are others, to measure it on."""
    return _by_classifier("gan-test", _sets(generated=("fake", fake, fake_labels), training=("training", training, training_labels),
                                            real=("real", real, real_labels)), classifier, epochs, seed, threads)
