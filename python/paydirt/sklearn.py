"""A query strategy for scikit-activeml (https://scikit-activeml.github.io): `GoldQuery`."""
from __future__ import annotations

from typing import Any, Optional, Tuple, Union

import numpy as np
from numpy.typing import NDArray
from skactiveml.base import SingleAnnotatorPoolQueryStrategy, SkactivemlClassifier
from skactiveml.utils import MISSING_LABEL, check_equal_missing_label, check_type
from sklearn.base import clone

from ._arrays import pointer
from ._library import call, lib
from ._outside import real_fake
from ._select import find, scores

__all__ = ["GoldQuery"]


class GoldQuery(SingleAnnotatorPoolQueryStrategy):  # type: ignore[misc]
    """GOLD (Mo et al., NeurIPS 2019, eq. 8): the samples that look real and whose class is not sure.

    Parameters
    ----------
    discriminator : Gan, estimator or function, default=None
        What says how real samples look: a function of X that gives a logit for each row, an estimator with `decision_function`,
        or a `paydirt.Gan`, whose images the rows of X are, flattened channels first. `gold` needs it.
    strategy : str, default="gold"
        A strategy that scores rows by it or by the probabilities of classes: "gold", "entropy", "margin", "least-confidence",
        "random" and others of `paydirt.strategies()`.
    balanced : bool, default=False
        gold: its two terms weighed by their standard deviations over the candidates (eq. 9).
    missing_label : scalar or string or np.nan or None, default=np.nan
        What stands for a missing label.
    random_state : int or np.random.RandomState, default=None
        Orders equal scores, and draws of "random".

    Examples
    --------
    >>> qs = GoldQuery(discriminator=gan, random_state=0)
    >>> rows = qs.query(X, y, clf, batch_size=10)
    """

    def __init__(self, discriminator: Any = None, strategy: str = "gold", balanced: bool = False,
                 missing_label: Any = MISSING_LABEL, random_state: Any = None) -> None:
        super().__init__(missing_label=missing_label, random_state=random_state)
        self.discriminator = discriminator
        self.strategy = strategy
        self.balanced = balanced

    def query(self, X: Any, y: Any, clf: Any, fit_clf: bool = True, sample_weight: Any = None, candidates: Any = None,
              batch_size: int = 1, return_utilities: bool = False) -> Union[NDArray[np.int64], Tuple[NDArray[np.int64], Any]]:
        """The candidates to label next.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Labelled and unlabelled samples.
        y : array-like of shape (n_samples)
            Their labels, `missing_label` where there is none.
        clf : skactiveml.base.SkactivemlClassifier
            Gives the probabilities of classes.
        fit_clf : bool, default=True
            Whether it is fitted on X, y and sample_weight first.
        sample_weight : array-like of shape (n_samples), default=None
            Weights of the samples when it is fitted.
        candidates : None or array-like of shape (n_candidates) of int or (n_candidates, n_features), default=None
            None: the unlabelled samples; rows of X; or the samples themselves.
        batch_size : int, default=1
            How many.
        return_utilities : bool, default=False
            Also the scores.

        Returns
        -------
        query_indices : array of shape (batch_size)
            Rows of X, or of candidates where these are samples themselves.
        utilities : array of shape (batch_size, n_samples or n_candidates)
            Scores before each choice; nan of labelled and chosen ones.
        """
        X, y, candidates, batch_size, return_utilities = self._validate_data(X, y, candidates, batch_size, return_utilities,
                                                                             reset=True)
        samples, mapping = self._transform_candidates(candidates, X, y)
        check_type(clf, "clf", SkactivemlClassifier)
        check_equal_missing_label(clf.missing_label, self.missing_label_)
        check_type(fit_clf, "fit_clf", bool)
        check_type(self.balanced, "balanced", bool)
        check_type(self.strategy, "strategy", str)
        if fit_clf:
            clf = clone(clf).fit(X, y) if sample_weight is None else clone(clf).fit(X, y, sample_weight)
        seed = int(self.random_state_.randint(2**31 - 1))
        score = self._scores(samples, clf, seed)
        chosen = np.empty(batch_size, np.int64)
        call(lib.pd_select_top, len(score), pointer("double", score), batch_size, seed, pointer("int64_t", chosen))
        rows = chosen if mapping is None else mapping[chosen]
        if not return_utilities:
            return rows
        first = score if mapping is None else np.full(len(X), np.nan)
        if mapping is not None:
            first[mapping] = score
        utilities = np.tile(first, (batch_size, 1))
        for i in range(1, batch_size):
            utilities[i:, rows[i - 1]] = np.nan
        return rows, utilities

    def _scores(self, samples: NDArray[Any], clf: Any, seed: int) -> NDArray[np.float64]:
        needs = find(self.strategy).needs
        p = clf.predict_proba(samples)
        realness: Optional[NDArray[np.float32]] = None
        if needs & lib.PD_POOL_LOGIT:
            realness = real_fake(self.discriminator, samples)
        return scores(realness, probabilities=p, strategy=self.strategy, balanced=self.balanced, sigmoid=False, seed=seed)
