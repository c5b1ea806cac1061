"""What other libraries' loops bring to a strategy."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import floats
from ._gan import Gan
from ._library import UsageError
from ._select import look


def real_fake(discriminator: Any, samples: NDArray[Any]) -> NDArray[np.float32]:
    """Logits (n) of being real, by a Gan, an estimator with `decision_function`, or a function."""
    if isinstance(discriminator, Gan):
        shape = discriminator.shape
        images = samples if samples.ndim > 2 or len(shape) == 1 else samples.reshape(len(samples), *shape)
        return discriminator.score(images).logit
    is_function = not hasattr(discriminator, "decision_function")
    discriminator = getattr(discriminator, "decision_function", discriminator)
    if not callable(discriminator):
        raise UsageError("discriminator: %r, expected what says how real samples look, which 'gold' needs: a paydirt.Gan, an "
                         "estimator with decision_function, or a function of X" % (discriminator,))
    logits = floats(discriminator(samples), "the discriminator's logits")
    if logits.size != len(samples):
        raise UsageError("the discriminator gave %d logits for %d samples" % (logits.size, len(samples)))
    logits = logits.reshape(-1)
    if is_function and len(logits):
        look("the discriminator", logits, True, "if they are: give np.log(p / (1 - p)); if they are logits: give an estimator "
             "with decision_function")
    return logits
