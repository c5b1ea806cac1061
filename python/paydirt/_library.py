"""The library, and what all calls of it share: errors, callbacks, threads, strings."""
from __future__ import annotations

import contextlib
import os
import pathlib
import sys
import warnings
from typing import Any, Callable, Iterable, Iterator, Optional

import numpy as np

from ._headers import ffi as ffi


def _open() -> Any:
    """Its OpenMP reads the environment once: threads that wait should not spin beside NumPy's and PyTorch's."""
    with contextlib.ExitStack() as stack:
        if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(os.environ):
            os.environ["OMP_WAIT_POLICY"] = "passive"
            stack.callback(os.environ.pop, "OMP_WAIT_POLICY", None)
        return ffi.dlopen(str(pathlib.Path(__file__).with_name("libpaydirt.so")))


lib = _open()


# --- errors -----------------------------------------------------------------------------------------------


class Error(Exception):
    """What paydirt refuses or fails at: one line with what, where and what was expected."""


class UsageError(Error, ValueError):
    """An argument is wrong."""


class FileError(Error, OSError):
    """A file cannot be opened, read, written or renamed; `errno` where the system gave one."""


class FormatError(Error, ValueError):
    """Bytes are not what they claim to be."""


class MismatchError(Error, ValueError):
    """Two valid things that do not fit together."""


class OutOfMemoryError(Error, MemoryError):
    """Memory ran out."""


class UnsupportedError(Error, NotImplementedError):
    """Valid, but not offered by this paydirt."""


for _kind in (Error, *Error.__subclasses__()):
    _kind.__module__ = "paydirt"

_KINDS = {lib.PD_ERR_USAGE: UsageError, lib.PD_ERR_IO: FileError, lib.PD_ERR_FORMAT: FormatError,
          lib.PD_ERR_MISMATCH: MismatchError, lib.PD_ERR_MEMORY: OutOfMemoryError, lib.PD_ERR_UNSUPPORTED: UnsupportedError}


def text(chars: Any) -> str:
    """A C string."""
    return "" if chars == ffi.NULL else ffi.string(chars).decode("utf-8", "replace")


def _word(hint: str) -> str:
    """"if they are: log-probabilities=true" as an argument in Python."""
    when, colon, option = hint.rpartition(": ")
    name, equals, value = option.partition("=")
    value = {"true": "True", "false": "False"}.get(value, repr(value)) if equals else "..."
    return "%s%s%s=%s" % (when, colon, name.replace("-", "_"), value)


def with_hints(message: str, hint: str) -> str:
    """A line of the library with the options that may help behind it."""
    words = [_word(h) for h in hint.split("\t") if h]
    return "%s (%s)" % (message, "; ".join(words)) if words else message


def path_text(given: Any, name: str = "path") -> str:
    """A path, of bytes too; to the library it goes by os.fsencode, whatever bytes are in it."""
    try:
        path = os.fsdecode(given)
        os.fsencode(path)
    except (TypeError, UnicodeError):
        raise UsageError("%s: %r, expected a path" % (name, given)) from None
    if "\0" in path:
        raise UsageError("%s: %r, expected a text without NUL" % (name, path))
    return path


def path_of(chars: Any) -> str:
    """A C string that is a path."""
    return os.fsdecode(ffi.string(chars))


def new_error() -> Any:
    """A struct pd_error to fill."""
    return ffi.new("struct pd_error *")


def check(status: int, err: Any) -> None:
    """Raises what a call has failed with."""
    if status == lib.PD_OK:
        return
    line = with_hints(text(err.message), text(err.hint))
    if status == lib.PD_ERR_INTERRUPTED:
        raise KeyboardInterrupt(line)
    error = _KINDS.get(status, Error)(line)
    if isinstance(error, OSError):
        error.errno = err.code or None
    raise error


def call(function: Callable[..., int], *args: Any) -> None:
    """Calls a function whose last argument is a struct pd_error, in this process's way with threads."""
    err = new_error()
    check(function(*args, err), err)


def tell(words: str) -> None:
    """What people should know of an argument, as a warning at their line."""
    level, here = 2, str(pathlib.Path(__file__).parent)
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
        level += 1
    warnings.warn(words, UserWarning, stacklevel=level)


# --- callbacks --------------------------------------------------------------------------------------------


class Callbacks:
    """Python functions that the library calls. The first exception of one of them, Ctrl-C too, stops the work that watches
    them and is raised again when the call has ended."""

    def __init__(self) -> None:
        self.exception: Optional[BaseException] = None
        self._kept: list[Any] = []

    def make(self, kind: str, function: Callable[..., Any], error: Any = None) -> Any:
        """A C function of that kind; error: what it gives back where the Python function raises."""
        callback = ffi.callback(kind, function, error=error, onerror=self._raised)
        self._kept.append(callback)
        return callback

    def _raised(self, kind: Any, exception: Any, traceback: Any) -> None:
        if self.exception is None:
            self.exception = exception if isinstance(exception, BaseException) else kind()

    def is_stopped(self) -> bool:
        """Whether one of them has raised."""
        return self.exception is not None

    def call(self, function: Callable[..., int], *args: Any) -> None:
        """As the function of that name, for work that calls back."""
        err = new_error()
        status = function(*args, err)
        if self.exception is not None:
            raise self.exception
        check(status, err)


# --- threads ----------------------------------------------------------------------------------------------

_used = False  # OpenMP's threads may be there
_forked = False  # and are gone


def _after_fork() -> None:
    global _forked
    _forked = _forked or _used


os.register_at_fork(after_in_child=_after_fork)


def whole(name: str, value: Any, most: int, least: int = 0) -> int:
    """A whole number within a range."""
    try:
        number = int(value.__index__())
    except (AttributeError, TypeError):
        raise UsageError("%s: %r, expected a whole number" % (name, value)) from None
    if not least <= number <= most:
        raise UsageError("%s: %d, expected %d to %d" % (name, number, least, most))
    return number


def real(name: str, value: Any) -> float:
    """A number."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UsageError("%s: %r, expected a number" % (name, value)) from None


def one_of(name: str, value: Any, words: Iterable[str]) -> str:
    """One of few words."""
    if isinstance(value, str) and value in words:
        return value
    raise UsageError("%s: %r, expected %s" % (name, value, " or ".join(map(repr, words))))


def flag(name: str, value: Any) -> bool:
    """True or False, also as 1 or 0."""
    if isinstance(value, (bool, np.bool_)) or isinstance(value, (int, np.integer)) and 0 <= value <= 1:
        return bool(value)
    raise UsageError("%s: %r, expected True or False" % (name, value))


def threads_of(threads: int) -> int:
    """How many to ask the library for: as said, but one in a process that was forked from one that has used more: those are
    not in it, and OpenMP would wait for them for ever."""
    global _used
    threads = whole("threads", threads, 1024)
    _used = True
    return 1 if _forked else threads


def not_forked(what: str) -> None:
    """Refuses what takes as many threads as were written down."""
    if _forked:
        raise UsageError("%s in a process that was forked from one that has used paydirt: start it anew (multiprocessing's 'spawn')"
                         % what)


@contextlib.contextmanager
def openmp(count: int) -> Iterator[int]:
    """OpenMP's threads for the calls within."""
    count = threads_of(count)
    before = lib.omp_get_max_threads()
    if count:
        lib.omp_set_num_threads(count)
    try:
        yield count
    finally:
        if count:
            lib.omp_set_num_threads(before)
