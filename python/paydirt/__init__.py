"""paydirt: class-conditional GANs for people short of labels, and which samples to label next.

    rows = paydirt.select(logits, class_logits, strategy="gold", k=100)

doc/python.md has the whole of it.
"""
from ._library import Error, FileError, FormatError, MismatchError, OutOfMemoryError, UnsupportedError, UsageError
from ._library import lib as _lib
from ._library import text as _text
from ._select import Strategy, scores, select, strategies

__version__ = _text(_lib.pd_version())
__all__ = ["Error", "FileError", "FormatError", "MismatchError", "OutOfMemoryError", "Strategy", "UnsupportedError",
           "UsageError", "scores", "select", "strategies"]
