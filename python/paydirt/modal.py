"""Query strategies for modAL (https://modal-python.readthedocs.io): `sampler`."""
from __future__ import annotations

import dataclasses
from typing import Any, Callable, Tuple

import numpy as np
from numpy.typing import NDArray

from ._arrays import pointer
from ._library import call, lib, whole
from ._outside import real_fake
from ._select import find, scores

__all__ = ["sampler"]


@dataclasses.dataclass(frozen=True)
class _Query:
    """That function, which can be pickled where its discriminator can."""

    strategy: str
    discriminator: Any
    balanced: bool
    seed: int

    def __call__(self, learner: Any, X: Any, n_instances: int = 1,
                 **kwargs: Any) -> Tuple[NDArray[np.int64], NDArray[np.float64]]:
        p = learner.predict_proba(X, **kwargs)
        needs_logit = find(self.strategy).needs & lib.PD_POOL_LOGIT
        realness = real_fake(self.discriminator, np.asarray(X)) if needs_logit else None
        score = scores(realness, probabilities=p, strategy=self.strategy, balanced=self.balanced, sigmoid=False, seed=self.seed)
        n_instances = whole("n_instances", n_instances, len(score))
        rows = np.empty(n_instances, np.int64)
        call(lib.pd_select_top, len(score), pointer("double", score), n_instances, self.seed, pointer("int64_t", rows))
        return rows, score[rows]


def sampler(strategy: str = "gold", *, discriminator: Any = None, balanced: bool = False,
            seed: int = 0) -> Callable[..., Tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """A function for `query_strategy` of modAL's learners.

    Parameters
    ----------
    strategy : str
        "gold", "entropy", "margin" and others of `paydirt.strategies()` that score rows by themselves.
    discriminator : Gan, estimator or function, optional
        What says how real samples look, by logits: as of `paydirt.sklearn.GoldQuery`; `gold` needs it.
    balanced : bool
        gold: its two terms weighed by their standard deviations over the pool.
    seed : int
        Orders equal scores.

    Returns
    -------
    query : function (learner, X, n_instances=1, **predict_proba_kwargs) -> (rows, scores)

    Examples
    --------
    >>> learner = ActiveLearner(estimator, query_strategy=paydirt.modal.sampler("gold", discriminator=gan))
    """
    find(strategy)
    return _Query(strategy, discriminator, balanced, whole("seed", seed, 2**64 - 1))
