"""Other libraries' arrays as NumPy's, without a copy where none is needed."""
from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from ._library import UsageError, ffi

_CPU = (1, 3)  # DLPack's kDLCPU, kDLCUDAHost


def host(x: Any, name: str) -> NDArray[Any]:
    """NumPy's view of an array that lies in this machine's memory, or a copy of one that lies elsewhere.

    Parameters
    ----------
    x : array
        Of NumPy, PyTorch, JAX, CuPy, or whatever has DLPack or NumPy's array interface; also nested lists.
    name : str
        What messages call it.
    """
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
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
    a = np.asarray(x)
    if a.dtype.kind == "O":
        raise UsageError("%s: %s of objects, expected an array of numbers" % (name, type(x).__name__))
    return a


def floats(x: Any, name: str, whole: bool = False) -> NDArray[np.float32]:
    """Contiguous float32. whole: whole numbers are fine."""
    a = host(x, name)
    if a.dtype.kind in "iub" and not whole:
        raise UsageError("%s: numbers of type %s, more often labels than these; expected floats (array.astype('float32'))"
                         % (name, a.dtype))
    if a.dtype.kind not in "fiub" and a.dtype.name != "bfloat16":
        raise UsageError("%s: %s, expected floats" % (name, a.dtype))
    try:
        with np.errstate(over="raise"):
            return np.ascontiguousarray(a, dtype=np.float32)
    except FloatingPointError:
        row = np.argwhere(np.isfinite(a) & (np.abs(a) > np.finfo(np.float32).max))[0][0]
        raise UsageError("%s: row %d is beyond float32, whose largest number is 3.4e38" % (name, row)) from None


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
        if not type(x).__module__.startswith("pandas") or not hasattr(x, "index"):
            continue
        if first and not first[1].equals(x.index):
            raise UsageError("%s: another index than %s has, rows are taken as they stand: bring them into one order, or give "
                             "them as arrays (.to_numpy())" % (name, first[0]))
        first = first or (name, x.index)


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
