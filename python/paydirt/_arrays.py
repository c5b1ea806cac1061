"""Other libraries' arrays as NumPy's, without a copy where none is needed."""
from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from ._library import UsageError, call, ffi, lib, tell

_CPU = (1, 3)  # DLPack's kDLCPU, kDLCUDAHost
_INDEX = ("", "index", "unnamed: 0")  # of a pandas index that went through a file, as the library's tables have it


def host(x: Any, name: str) -> NDArray[Any]:
    """NumPy's view of an array that lies in this machine's memory, or a copy of one that lies elsewhere.

    Parameters
    ----------
    x : array
        Of NumPy, PyTorch, JAX, CuPy, or whatever has DLPack or NumPy's array interface; also nested lists.
    name : str
        What messages call it.
    """
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part)
           for part in ([x] if not isinstance(x, (list, tuple)) else x)):
        raise UsageError("%s: a masked array: fill it, or leave the masked rows out" % name)
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "detach") and hasattr(x, "numpy"):  # PyTorch
        x = x.detach()
        if getattr(x, "is_sparse", False) or str(getattr(x, "layout", "torch.strided")) != "torch.strided":
            raise UsageError("%s: a sparse tensor, expected a dense one" % name)
        x = x.cpu()
        return np.asarray((x.float() if "float" in str(x.dtype) and str(x.dtype)[-2:] not in ("32", "64") else x).numpy())
    if type(x).__module__.partition(".")[0] == "cupy":
        return np.asarray(x.get())
    device = x.__dlpack_device__()[0] if hasattr(x, "__dlpack_device__") else _CPU[0]
    if hasattr(x, "__dlpack__") and not hasattr(x, "__array__"):
        if device not in _CPU:
            raise UsageError("%s lies on a device of DLPack's kind %d: bring it to the host first" % (name, device))
        return np.from_dlpack(x)
    try:
        a = np.asarray(x)
    except ValueError:
        raise UsageError("%s: rows of different lengths or kinds, expected an array of numbers" % name) from None
    if a.dtype.kind == "O":
        raise UsageError("%s: %s of objects, expected an array of numbers" % (name, type(x).__name__))
    return a


def _is_of_pandas(x: Any) -> bool:
    return type(x).__module__.startswith("pandas") and hasattr(x, "index")


def _is_row_numbers(name: Any) -> bool:
    return str(name).lower() in _INDEX


def _from_frame(x: Any, name: str) -> Any:
    """A frame without the row numbers that it was written with, and pandas' nullable and Arrow's numbers as NumPy's."""
    if not _is_of_pandas(x):
        return x
    if hasattr(x, "columns") and len(x.columns) > 1 and _is_row_numbers(x.columns[0]) and x.dtypes.iloc[0].kind in "iu" \
            and x.iloc[:, 0].is_unique:
        tell("%s: the first column, %r, has row numbers and is left out (pandas.read_csv(..., index_col=0))" % (name, x.columns[0]))
        x = x.iloc[:, 1:]
    kinds = list(x.dtypes) if hasattr(x, "columns") else [getattr(x, "dtype", None)]
    letters = [getattr(k, "kind", "O") for k in kinds]
    if all(k in "fiub" for k in letters) and not all(isinstance(k, np.dtype) for k in kinds):
        real = "f" in letters or x.isna().to_numpy().any()
        return x.to_numpy(dtype=np.float64, na_value=np.nan) if real else x.to_numpy(dtype=np.int64)
    return x


def numbers(x: Any, name: str) -> NDArray[Any]:
    """As `host`, of a frame that may have been read from a file."""
    return host(_from_frame(x, name), name)


def features_of(x: Any, name: str) -> NDArray[np.float32]:
    """Contiguous float32 of whatever numbers, whose distances it keeps."""
    a = numbers(x, name)
    if a.ndim == 2 and len(a) > 9 and a.shape[1] > 1 and a.dtype.kind in "fiu":
        for column, without in ((0, "x[:, 1:]"), (a.shape[1] - 1, "x[:, :-1]")):
            values = a[:, column]
            with np.errstate(all="ignore"):
                counts = (np.diff(values) == 1) & (values[1:] == np.rint(values[1:]))
            if counts.all():
                tell("%s: column %d counts the rows, from %d on: if these are row numbers, leave them out (%s)"
                     % (name, column, values[0], without))
    return rounded(a, name, a.size // max(len(a), 1) if a.ndim else 1, floats(a, name, whole=True), features=True)


def floats(x: Any, name: str, whole: bool = False) -> NDArray[np.float32]:
    """Contiguous float32. whole: whole numbers are fine."""
    a = numbers(x, name)
    if a.dtype.kind in "iub" and not whole:
        raise UsageError("%s: numbers of type %s, more often labels than these; expected floats (array.astype('float32'))"
                         % (name, a.dtype))
    if a.dtype.kind not in "fiub" and a.dtype.name != "bfloat16":
        raise UsageError("%s: %s, expected floats" % (name, a.dtype))
    try:
        with np.errstate(all="ignore", over="raise"):
            return np.ascontiguousarray(a, dtype=np.float32)
    except FloatingPointError:
        row = np.argwhere(np.isfinite(a) & (np.abs(a) > np.finfo(np.float32).max))[0][0]
        raise UsageError("%s: row %d is beyond float32, whose largest number is 3.4e38" % (name, row)) from None


def rounded(a: NDArray[Any], name: str, width: int, to: NDArray[np.float32], **kind: bool) -> NDArray[np.float32]:
    """`to`, what `floats` gave of a, as a file of a's rows would be read: kind: classes or features of `pd_rows_request`."""
    if a.size and a.dtype.kind in "fiu" and a.dtype.itemsize >= (8 if a.dtype.kind == "f" else 4):
        exact = np.ascontiguousarray(a, dtype=np.float64)
        call(lib.pd_rows_round, name.encode(), ffi.new("struct pd_rows_request *", kind), a.size // width, width,
             pointer("double", exact), pointer("float", to))
    return to


def whole_numbers(x: Any, name: str) -> NDArray[np.int64]:
    """(n) int64."""
    a = host(x, name)
    if a.ndim != 1 and not (a.ndim == 2 and a.shape[1] == 1):
        raise UsageError("%s: shape %s, expected one dimension" % (name, shape_text(a)))
    if a.size == 0:
        return np.zeros(0, np.int64)
    if a.dtype.kind not in "iu":
        raise UsageError("%s: %s, expected whole numbers" % (name, a.dtype))
    if a.dtype.kind == "u" and int(a.max()) > np.iinfo(np.int64).max:
        raise UsageError("%s: %d, expected less than 2^63" % (name, int(a.max())))
    return np.ascontiguousarray(a.reshape(-1), dtype=np.int64)


def same_index(**given: Any) -> None:
    """Refuses objects of pandas whose rows are called otherwise, as those of a shuffled frame beside another's."""
    first: Optional[Tuple[str, Any]] = None
    for name, x in given.items():
        if not _is_of_pandas(x):
            continue
        if first and not first[1].equals(x.index):
            raise UsageError("%s: another index than %s has, rows are taken as they stand: bring them into one order, or give "
                             "them as arrays (.to_numpy())" % (name, first[0]))
        first = first or (name, x.index)


def index_of(x: Any) -> Any:
    """What pandas calls the rows; None of other arrays."""
    return x.index if _is_of_pandas(x) else None


def same_columns(**given: Any) -> None:
    """Refuses frames with the same columns in another order."""
    first: Optional[Tuple[str, List[Any]]] = None
    for name, x in given.items():
        if not _is_of_pandas(x) or not hasattr(x, "columns"):
            continue
        columns = [c for c in x.columns if not _is_row_numbers(c)]
        if first and columns != first[1] and set(columns) == set(first[1]):
            raise UsageError("%s: the columns of %s in another order (%s): bring them into one (%s[%s.columns])"
                             % (name, first[0], ", ".join(map(str, columns[:9])), name, first[0]))
        first = first or (name, columns)


def is_mask(x: Any) -> bool:
    """Of bools, pandas' and Arrow's too."""
    return getattr(getattr(x, "dtype", None), "kind", "") == "b"


def shape_text(a: NDArray[Any]) -> str:
    """"(100, 3)"."""
    return "(%s)" % ", ".join(str(n) for n in a.shape)


def pointer(kind: str, a: Optional[NDArray[Any]]) -> Any:
    """The address of a contiguous array, which it keeps alive; NULL of none, or of an empty one."""
    return ffi.NULL if a is None or a.size == 0 else ffi.from_buffer(kind + "[]", a)


def rows_of(**arrays: Optional[NDArray[Any]]) -> int:
    """How many rows they have, all the same."""
    first: Optional[Tuple[str, int]] = None
    for name, a in arrays.items():
        if a is None:
            continue
        if first and len(a) != first[1]:
            raise UsageError("%s: %d rows, %s has %d" % (name, len(a), first[0], first[1]))
        first = first or (name, len(a))
    if first is None:
        raise UsageError("no array given: expected %s" % " or ".join(arrays))
    return first[1]
