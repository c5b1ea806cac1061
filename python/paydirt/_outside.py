"""What other libraries' loops bring to a strategy."""
from __future__ import annotations

import math
from typing import Any, Tuple

import numpy as np
from numpy.typing import NDArray

from ._arrays import floats, numbers, rounded
from ._gan import Gan
from ._library import UsageError, tell
from ._select import look

_LOOKED_AT = 64  # rows
_SMOOTHER = 0.7  # channels last, where they are so: of noise it is 1


def _roughness(images: NDArray[Any]) -> float:
    """How much neighbouring pixels (n, C, H, W) differ."""
    x = images.astype(np.float64)
    return float(np.abs(np.diff(x, axis=2)).mean() + np.abs(np.diff(x, axis=3)).mean())


def _images(samples: NDArray[Any], shape: Tuple[int, ...]) -> NDArray[Any]:
    """Of rows that are images, flattened channels first, of any side; grey ones for networks of colours, too."""
    if samples.ndim != 2 or len(shape) == 1:
        return samples
    width = samples.shape[1]
    for channels in (shape[0], 1):
        side = math.isqrt(width // channels)
        if channels * side * side == width:
            break
    else:
        raise UsageError("X: rows of %d numbers, expected images of %d x %d x %d, or of another side, flattened channels first"
                         % (width, *shape))
    images = samples.reshape(len(samples), channels, side, side)
    few = samples[:_LOOKED_AT]
    other = np.moveaxis(few.reshape(len(few), side, side, channels), 3, 1)
    if channels > 1 and _roughness(other) < _SMOOTHER * _roughness(images[:_LOOKED_AT]):
        tell("X: rows look like images that were flattened channels last (N, H, W, C): expected channels first "
             "(np.moveaxis(images, 3, 1).reshape(len(images), -1))")
    return images


def real_fake(discriminator: Any, samples: NDArray[Any]) -> NDArray[np.float32]:
    """Logits (n) of being real, by a Gan, an estimator with `decision_function`, or a function."""
    if isinstance(discriminator, Gan):
        return discriminator.score(_images(samples, discriminator.shape)).logit
    is_function = not hasattr(discriminator, "decision_function")
    discriminator = getattr(discriminator, "decision_function", discriminator)
    if not callable(discriminator):
        raise UsageError("discriminator: %r, expected what says how real samples look, which 'gold' needs: a paydirt.Gan, an "
                         "estimator with decision_function, or a function of X" % (discriminator,))
    given = numbers(discriminator(samples), "the discriminator's logits")
    logits = rounded(given, "the discriminator's logits", 1, floats(given, "the discriminator's logits"))
    if logits.size != len(samples):
        raise UsageError("the discriminator gave %d logits for %d samples" % (logits.size, len(samples)))
    logits = logits.reshape(-1)
    if is_function and len(logits):
        look("the discriminator", logits, True, "if they are: give np.log(p / (1 - p))", "if they are logits: give an estimator "
             "with decision_function")
    return logits
