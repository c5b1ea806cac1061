"""What other libraries' loops bring to a strategy."""
from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._arrays import floats
from ._gan import Gan
from ._library import UsageError


def real_fake(discriminator: Any, samples: NDArray[Any]) -> NDArray[np.float32]:
    """Logits (n) of being real, by a Gan, an estimator with `decision_function`, or a function."""
    if isinstance(discriminator, Gan):
        shape = discriminator.shape
        images = samples if samples.ndim > 2 or len(shape) == 1 else samples.reshape(len(samples), *shape)
        return discriminator.score(images).logit
    if hasattr(discriminator, "decision_function"):
        discriminator = discriminator.decision_function
    if not callable(discriminator):
        raise UsageError("discriminator: %r, expected what says how real samples look, which 'gold' needs: a paydirt.Gan, an "
                         "estimator with decision_function, or a function of X" % (discriminator,))
    logits = floats(discriminator(samples), "the discriminator's logits")
    if logits.size != len(samples):
        raise UsageError("the discriminator gave %d logits for %d samples" % (logits.size, len(samples)))
    return logits.reshape(-1)
