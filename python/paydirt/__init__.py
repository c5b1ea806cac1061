"""paydirt: class-conditional GANs for people short of labels, and which samples to label next.

    rows = paydirt.select(logits, class_logits, strategy="gold", k=100)
    gan = paydirt.train(images, labels, gold=True, epochs=20)
    x = gan.sample(classes=[3] * 64, seed=1)

doc/python.md has the whole of it.
"""
from . import metrics, modal
from ._active import ActiveLearner
from ._gan import Epoch, Gan, Kept, Scores, load
from ._images import Data, open_data
from ._library import Error, FileError, FormatError, MismatchError, OutOfMemoryError, UnsupportedError, UsageError
from ._library import lib as _lib
from ._library import text as _text
from ._select import Strategy, scores, select, strategies
from ._train import Option, options, resume, train

__version__ = _text(_lib.pd_version())
__all__ = ["ActiveLearner", "Data", "Epoch", "Error", "FileError", "FormatError", "Gan", "Kept", "MismatchError", "Option",
           "OutOfMemoryError", "Scores", "Strategy", "UnsupportedError", "UsageError", "load", "metrics", "modal", "open_data",
           "options", "resume", "scores", "select", "strategies", "train"]
