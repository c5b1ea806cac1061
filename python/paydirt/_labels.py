"""Labels and classes as people have them, as the numbers that paydirt learns from."""
from __future__ import annotations

from typing import Any, List, Optional, Sequence, Set, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from ._arrays import host, shape_text
from ._library import UsageError, tell

_MOST_CLASSES = 1 << 20
Classes = Union[int, Sequence[str], None]


def _one_hot(a: NDArray[Any]) -> NDArray[np.int64]:
    if not (((a == 0) | (a == 1)).all() and (a.sum(1) == 1).all()):
        raise UsageError("labels: shape %s, expected (N), or one-hot rows of one 1 and else 0" % shape_text(a))
    hot: NDArray[np.int64] = a.argmax(1)
    return hot


def _is_missing(label: Any) -> bool:
    return label is None or bool(label != label) or (isinstance(label, str) and label == "")


def _numbers(a: NDArray[Any]) -> Optional[NDArray[np.int64]]:
    """Whole numbers beside None, as Python keeps them; None where there is something else."""
    known = [w for w in a.tolist() if not _is_missing(w)]
    if not known or not all(isinstance(w, (int, float)) and not isinstance(w, bool) and w == int(w) for w in known):
        return None
    return np.array([-1 if _is_missing(w) else int(w) for w in a.tolist()], np.int64)


def _sorted_names(words: Set[str]) -> List[str]:
    """By number where all are numbers, as of folders and tables."""
    numbers = all(w.isascii() and w.isdigit() and len(w) < 10 for w in words)
    return sorted(words, key=lambda w: (int(w), w)) if numbers else sorted(words)


def _by_name(a: NDArray[Any], classes: Classes) -> Tuple[NDArray[np.int64], List[str]]:
    words = [None if _is_missing(w) else str(w) for w in a.tolist()]
    names = list(classes) if isinstance(classes, (list, tuple)) else _sorted_names({w for w in words if w is not None})
    place = {name: i for i, name in enumerate(names)}
    for i, w in enumerate(words):
        if w is not None and w not in place:
            raise UsageError("labels: row %d: %r is none of the classes (%s)" % (i, w, ", ".join(names)))
    return np.array([-1 if w is None else place[w] for w in words], np.int64), names


def labels_of(given: Any, n: int, classes: Classes, notes: List[str]) -> Tuple[NDArray[np.int32], int, Optional[List[str]]]:
    """Labels (n) of int32, how many classes, their names."""
    names = None if classes is None or isinstance(classes, (int, np.integer)) else [str(c) for c in classes]
    if isinstance(classes, (str, bytes, bool)):
        raise UsageError("classes: %r, expected names in a list, or how many" % classes)
    if given is None:
        a: NDArray[Any] = np.full(n, -1, np.int64)
    else:
        try:
            a = host(given, "labels")
        except UsageError:
            a = np.asarray(given)
    if a.ndim == 2:
        a = a[:, 0] if a.shape[1] == 1 else _one_hot(a)
    if a.shape != (n,):
        raise UsageError("labels: shape %s, expected (%d), one for each image" % (shape_text(a), n))
    numbers = _numbers(a) if a.dtype.kind == "O" and names is None else None
    if numbers is not None:
        a = numbers
    if a.dtype.kind in "OUS":
        a, names = _by_name(a, names)
    if a.dtype.kind == "u" and a.itemsize < 8 and n and a.max() == np.iinfo(a.dtype).max:
        raise UsageError("labels: %s with %d: -1 (unknown) does not fit into it; expected int64 (labels.astype('int64'), with -1 "
                         "set there)" % (a.dtype, a.max()))
    if a.dtype.kind not in "iuf" or (a.dtype.kind == "f" and not (a == np.rint(a)).all()):
        at = "" if a.dtype.kind != "f" else ": row %d is %g" % (np.flatnonzero(a != np.rint(a))[0], a[a != np.rint(a)][0])
        raise UsageError("labels: %s%s, expected whole numbers from 0, -1 where there is none" % (a.dtype, at))
    most = int(a.max()) if n else -1
    if a.min() < -1 or most >= _MOST_CLASSES:
        at_row = int(np.flatnonzero((a < -1) | (a >= _MOST_CLASSES))[0])
        raise UsageError("labels: row %d is %d, expected -1 (unknown) or 0 to %d" % (at_row, a[at_row], _MOST_CLASSES - 1))
    count = len(names) if names is not None else int(classes) if classes is not None else most + 1  # type: ignore[arg-type]
    if count < 1:
        raise UsageError("labels: none is known, so classes= is needed: how many there are, or their names")
    if most >= count:
        raise UsageError("labels: row %d is %d, expected at most %d, as there are %d classes"
                         % (np.flatnonzero(a >= count)[0], most, count - 1, count))
    known = a[a >= 0]
    if len(known) and known.min() > 0 and names is None and classes is None:
        tell("labels begin at %d, so no image is of class 0 (subtract %d?)" % (known.min(), known.min()))
    different = len(np.unique(known))
    if names is None and classes is None and count >= 10 and 2 * different < count:
        tell("labels: %d different ones from %d to %d, so %d classes, most without an image: is %d none, which is -1?"
             % (different, known.min(), most, count, most))
    return np.ascontiguousarray(a, dtype=np.int32), count, names
