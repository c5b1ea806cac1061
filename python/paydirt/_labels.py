"""Labels and classes as people have them, as the numbers that paydirt learns from."""
from __future__ import annotations

import collections.abc
import re
from typing import Any, Iterable, List, Mapping, Optional, Sequence, Set, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from ._arrays import host, shape_text
from ._library import UsageError, tell

_MOST_CLASSES = 1 << 20
_NUMBER = re.compile("-?[0-9]{1,9}")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]*)?")
Classes = Union[int, Sequence[str], Sequence[int], Mapping[str, int], Mapping[int, str], None]


def _whole(x: Any) -> Optional[int]:
    """The value of a whole number, also where it is kept as a float."""
    is_number = isinstance(x, (int, float, np.integer, np.floating)) and not isinstance(x, bool)
    return int(x) if is_number and (isinstance(x, (int, np.integer)) or float(x).is_integer()) else None


def _word(x: Any, where: str) -> str:
    try:
        return x.decode() if isinstance(x, bytes) else str(x)
    except UnicodeDecodeError:
        raise UsageError("%s: %r is no UTF-8" % (where, x)) from None


def _check_name(name: str) -> None:
    try:
        if b"\0" not in name.encode():
            return
    except UnicodeEncodeError:
        pass
    raise UsageError("classes: %r, expected UTF-8 without NUL" % name)


def _is_missing(label: Any) -> bool:
    if label is None or isinstance(label, (str, bytes)) and not label:
        return True
    try:
        return bool(label != label)
    except TypeError:  # pandas' NA, which is neither equal nor not
        return True


# --- classes ------------------------------------------------------------------------------------------------


def _of_dict(given: Mapping[Any, Any]) -> List[str]:
    """Names by number, or numbers by name; a number may be a word, as JSON's keys are."""
    n = len(given)

    def number(x: Any) -> Optional[int]:
        return int(x) if isinstance(x, str) and x.isascii() and x.isdigit() else _whole(x)

    orders = [{number(k): str(v) for k, v in given.items()}, {number(v): str(k) for k, v in given.items()}]
    names = {tuple(order[i] for i in range(n)) for order in orders if set(order) == set(range(n))}
    if len(names) != 1:
        raise UsageError("classes: %r, expected names by number or numbers by name, from 0 to %d" % (given, n - 1))
    return list(names.pop())


def listed(classes: Any) -> Union[int, List[Any], None]:
    """How many, or their names in order, whole numbers as such."""
    if classes is None or isinstance(classes, (int, np.integer)) and not isinstance(classes, bool):
        return classes if classes is None else int(classes)
    if isinstance(classes, collections.abc.Mapping):
        return _of_dict(classes)
    if isinstance(classes, collections.abc.Set) and not isinstance(classes, collections.abc.KeysView):
        raise UsageError("classes: a set, whose order is none to number classes by: expected a list, as sorted(classes)")
    if isinstance(classes, (str, bytes)) or not isinstance(classes, collections.abc.Iterable) or getattr(classes, "ndim", 1) != 1:
        raise UsageError("classes: %r, expected names in a list, or how many" % (classes,))
    return [_word(c, "classes") if _whole(c) is None else _whole(c) for c in classes]


def names_of(classes: Any) -> Optional[List[str]]:
    """Of what is opened by its path, which says itself how many there are."""
    names = listed(classes)
    if isinstance(names, int):
        raise UsageError("classes: %d, expected names in a list" % names)
    return None if names is None else [str(name) for name in names]


def called(names: Optional[Sequence[str]]) -> Optional[List[int]]:
    """The whole numbers that all classes are called by, where these are others than their places 0, 1, 2, ...: what numbers of
    classes are then, in and out."""
    if not names or not all(_NUMBER.fullmatch(w) for w in names):
        return None
    values = [int(w) for w in names]
    return None if values == list(range(len(values))) or -1 in values or len(set(values)) < len(values) else values


def as_called(places: NDArray[Any], names: Sequence[str]) -> NDArray[Any]:
    """Numbers of classes for people, of their places; -1 stays."""
    values = called(names)
    return places if values is None else np.array([*values, -1], places.dtype)[places]


def as_names(places: NDArray[Any], names: Sequence[Any]) -> NDArray[Any]:
    """Names of classes, of their places; None of -1."""
    every: NDArray[Any] = np.array([*map(str, names), None], object)
    return np.asarray(every[places])


class Names(List[str]):
    """Of a data set's classes as `open_data` gives them: numbers beside them are as its labels (of_called)."""


def of_data_set(labels: Any, names: Optional[Sequence[Any]]) -> Any:
    """Names of the classes that a data set's numbers stand for, which are places in its own list of them."""
    a = np.asarray(labels) if isinstance(labels, (list, tuple)) else labels
    if names is None or not isinstance(a, np.ndarray) or a.dtype.kind not in "iu" or a.ndim != 1:
        return labels
    for i in np.flatnonzero((a < -1) | (a >= len(names))):
        raise UsageError("labels: row %d is %d, expected -1 (unknown) or 0 to %d, as there are %d classes"
                         % (i, a[i], len(names) - 1, len(names)))
    return as_names(a.astype(np.int64), names)


def of_called(labels: Any, names: Optional[Sequence[Any]]) -> Any:
    """The same for numbers as `open_data` gives them: where all classes are called by whole numbers, these."""
    values = called(names)
    if values is None or names is None or labels is None or _coded(labels, None)[0] is not labels:
        return of_data_set(labels, names)
    a = _array(labels)
    a = a[:, 0] if a.ndim == 2 and a.shape[1] == 1 else a
    numbers = _numbers(a) if a.ndim == 1 and a.dtype.kind in "iufO" else None
    return labels if numbers is None else as_names(by_value(numbers, values), names)


# --- labels -------------------------------------------------------------------------------------------------


def _one_hot(a: NDArray[Any]) -> NDArray[np.int64]:
    if not (((a == 0) | (a == 1)).all() and (a.sum(1) == 1).all()):
        raise UsageError("labels: shape %s, expected (N), or one-hot rows of one 1 and else 0" % shape_text(a))
    hot: NDArray[np.int64] = a.argmax(1)
    return hot


def _coded(given: Any, known: Union[int, List[Any], None]) -> Tuple[Any, Union[int, List[Any], None]]:
    """pandas' categories, and one-hot columns that have names: these are classes, in their order, unless others are known."""
    if hasattr(given, "columns"):
        if len(given.columns) < 2:
            return given, known
        codes, names = _one_hot(host(given, "labels")), list(given.columns)
    else:
        of: Any = given if hasattr(given, "codes") else getattr(given, "cat", None)
        if not hasattr(of, "codes") or not hasattr(of, "categories"):
            return given, known
        codes, names = np.asarray(of.codes, np.int64), list(of.categories)
    words = [str(name) for name in names]
    if isinstance(known, list) and names != list(range(len(names))):
        return as_names(codes, words), known
    if isinstance(known, int) and known != len(words):
        raise UsageError("classes: %d, but labels have %d categories" % (known, len(words)))
    return (codes, known) if isinstance(known, list) else (as_names(codes, words), words)


def _numbers(a: NDArray[Any]) -> Optional[NDArray[np.int64]]:
    """Whole numbers beside None, as Python keeps them; None where there is something else."""
    values = [-1 if _is_missing(w) else _whole(w) for w in a.tolist()]
    return None if None in values else np.array(values, np.int64)


def by_value(a: NDArray[Any], values: List[int], what: str = "labels") -> NDArray[np.int64]:
    """Places of whole numbers among those that the classes are called by."""
    if -1 in values:
        raise UsageError("classes: -1 stands for no label: give names, and labels from 0")
    place = {value: i for i, value in enumerate(values)}
    for i in np.flatnonzero(~np.isin(a, [*values, -1])):
        raise UsageError("%s: row %d: %d is none of the classes (%s)" % (what, i, a[i], ", ".join(map(str, values))))
    return np.array([place.get(int(value), -1) for value in a], np.int64)


def sorted_names(words: Iterable[str]) -> List[str]:
    """By number where all are numbers ("-1", "2.0"), as of folders and tables."""
    numbers = all(len(w) < 16 and _DECIMAL.fullmatch(w) for w in words)
    return sorted(words, key=lambda w: (float(w), w)) if numbers else sorted(words)


def _by_name(a: NDArray[Any], names: Optional[List[str]]) -> Tuple[NDArray[np.int64], List[str]]:
    words = [None if _is_missing(w) else _word(w, "labels: row %d" % i) for i, w in enumerate(a.tolist())]
    different: Set[str] = {w for w in words if w is not None}
    names = sorted_names(different) if names is None else names
    place = {name: i for i, name in enumerate(names)}
    for i, w in enumerate(words):
        if w is not None and w not in place:
            raise UsageError("labels: row %d: %r is none of the classes (%s)" % (i, w, ", ".join(names)))
    return np.array([-1 if w is None else place[w] for w in words], np.int64), names


def _array(given: Any) -> NDArray[Any]:
    if isinstance(given, (list, tuple)) and any(isinstance(w, (str, bytes)) for w in given):
        out = np.empty(len(given), object)  # NumPy makes words of what is beside them, NaN too
        for i, w in enumerate(given):
            out[i] = w
        return out
    kind = getattr(given, "dtype", None)
    if hasattr(given, "isna") and not isinstance(kind, np.dtype) and getattr(kind, "kind", "O") in "fiub":  # pandas' nullable
        given = given.astype(object) if given.isna().any() else given
    try:
        return host(given, "labels")
    except UsageError:
        try:
            a = np.asarray(given)
        except ValueError:
            raise UsageError("labels: rows of different lengths, expected one label each") from None
        if a.dtype.kind != "O":
            raise
        return a


def _value_of(a: NDArray[Any], known: Union[int, List[Any], None], by_number: bool) -> NDArray[Any]:
    """Whole numbers as places, where the classes are called by others."""
    as_numbers = isinstance(known, list) and all(isinstance(c, int) for c in known)
    values = known if as_numbers else called(known) if isinstance(known, list) else None
    if values is None or isinstance(values, int) or a.dtype.kind not in "iuf" or not (a == np.rint(a)).all():
        return a
    if not as_numbers and not by_number and (a >= 0).any():
        raise UsageError("labels: whole numbers, which may be the classes' names (%s, ...) or their places: expected names "
                         "(np.array([*classes, None], object)[labels] of places, -1 too), or classes as numbers (classes=[%s, ...])"
                         % (repr(str(known[0])), values[0]))  # type: ignore[index]
    return by_value(a, values)


def labels_of(given: Any, n: int, classes: Any, notes: List[str],
              by_number: bool = False) -> Tuple[NDArray[np.int32], int, Optional[List[str]]]:
    """Labels (n) of int32, how many classes, their names. by_number: classes are there already, or count by their numbers alone, so
    numbers are these where all classes are called so."""
    given, known = _coded(given, listed(classes))
    names = [str(c) for c in known] if isinstance(known, list) else None
    a: NDArray[Any] = np.full(n, -1, np.int64) if given is None else _array(given)
    are_places = a.ndim == 2 and a.shape[1] > 1
    if a.ndim == 2:
        a = _one_hot(a) if are_places else a[:, 0]
    if a.shape != (n,):
        raise UsageError("labels: shape %s, expected (%d), one for each image" % (shape_text(a), n))
    numbers = _numbers(a) if a.dtype.kind == "O" else None
    if numbers is not None:
        a = numbers
    if a.dtype.kind in "OUS":
        a, names = _by_name(a, names)
        if isinstance(known, int) and len(names) != known:
            raise UsageError("classes: %d, but labels have %d names (%s): give a list of them"
                             % (known, len(names), ", ".join(names[:9])))
    elif not are_places:
        a = _value_of(a, known, by_number)
    if a.dtype.kind == "u" and a.itemsize < 8 and n and a.max() == np.iinfo(a.dtype).max:
        raise UsageError("labels: %s with %d: -1 (unknown) does not fit into it; expected int64 (labels.astype('int64'), with -1 "
                         "set there)" % (a.dtype, a.max()))
    if a.dtype.kind not in "iuf" or (a.dtype.kind == "f" and not (a == np.rint(a)).all()):
        at = "" if a.dtype.kind != "f" else ": row %d is %g" % (np.flatnonzero(a != np.rint(a))[0], a[a != np.rint(a)][0])
        raise UsageError("labels: %s%s, expected whole numbers from 0, -1 where there is none" % (a.dtype, at))
    most = int(a.max()) if n else -1
    if n and a.min() < -1 or most >= _MOST_CLASSES:
        at_row = int(np.flatnonzero((a < -1) | (a >= _MOST_CLASSES))[0])
        raise UsageError("labels: row %d is %d, expected -1 (unknown) or 0 to %d" % (at_row, a[at_row], _MOST_CLASSES - 1))
    for name in names or ():
        _check_name(name)
    count = len(names) if names is not None else known if isinstance(known, int) else most + 1
    if count < 1:
        raise UsageError("labels: none is known, so classes= is needed: how many there are, or their names")
    if most >= count:
        raise UsageError("labels: row %d is %d, expected at most %d, as there are %d classes"
                         % (np.flatnonzero(a >= count)[0], most, count - 1, count))
    if names is None and known is None and not by_number:
        _say_doubtful(a, count)
    return np.ascontiguousarray(a, dtype=np.int32), count, names


def _say_doubtful(a: NDArray[Any], count: int) -> None:
    seen = a[a >= 0]
    if len(seen) and seen.min() > 0:
        without = "; %d of -1 are taken as unlabelled" % (a == -1).sum() if len(seen) < len(a) else ""
        tell("labels begin at %d, so no image is of class 0 (subtract %d?)%s" % (seen.min(), seen.min(), without))
    different = len(np.unique(seen))
    if count >= 10 and 2 * different < count:
        tell("labels: %d different ones from %d to %d, so %d classes, most without an image: is %d none, which is -1?"
             % (different, seen.min(), count - 1, count, count - 1))
