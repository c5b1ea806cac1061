"""Query strategies in scikit-activeml's and modAL's loops, each skipped where its library is not there.

scikit-activeml's own helpers for tests (skactiveml.tests, in its source tree alone) are run where they can be imported."""
import pickle
import unittest

import numpy as np

import paydirt
from paydirt._outside import real_fake

try:
    from skactiveml.classifier import ParzenWindowClassifier, SklearnClassifier
    from skactiveml.utils import MISSING_LABEL
    from sklearn.linear_model import LogisticRegression

    from paydirt.sklearn import GoldQuery
except ImportError:
    GoldQuery = None
try:
    from skactiveml.tests.template_query_strategy import TemplateSingleAnnotatorPoolQueryStrategy as Template
except ImportError:
    Template = None
try:
    import modAL
except ImportError:
    modAL = None
if not GoldQuery and not modAL:
    print("[  SKIPPED ] 1 test(s): no scikit-activeml, no modAL")

RNG = np.random.default_rng(17)
X = RNG.normal(size=(300, 2))
CLASSES = (X[:, 0] > 0).astype(int)
Y = np.where(np.arange(300) < 20, CLASSES, np.nan)


def realness(x):
    return (4 - (np.asarray(x, float) ** 2).sum(1)).astype("f4")


def entropy(p):
    return -(p * np.log(np.maximum(p, 1e-300))).sum(1)


@unittest.skipUnless(GoldQuery, "no scikit-activeml")
class ScikitActiveml(unittest.TestCase):
    def test_gold_is_its_formula(self):
        clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
        rows, utilities = GoldQuery(discriminator=realness, random_state=0).query(X, Y, clf, batch_size=5, return_utilities=True)
        p = clf.fit(X, Y).predict_proba(X)
        expected = np.where(np.isnan(Y), realness(X) + entropy(p), -np.inf)
        np.testing.assert_array_equal(rows, np.argsort(-expected)[:5])
        np.testing.assert_allclose(utilities[0][np.isnan(Y)], expected[np.isnan(Y)], atol=1e-5)
        self.assertTrue(np.isnan(utilities[4][rows[:4]]).all() and np.isnan(utilities[0][:20]).all())

    def test_as_its_own_entropy(self):
        from skactiveml.pool import UncertaintySampling
        clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
        theirs = UncertaintySampling(method="entropy", random_state=0).query(X, Y, clf, batch_size=9)
        np.testing.assert_array_equal(np.sort(GoldQuery(strategy="entropy", random_state=0).query(X, Y, clf, batch_size=9)),
                                      np.sort(theirs))

    def test_a_gan_discriminates(self):
        gan = paydirt.train(X.astype("f4"), CLASSES, threads=1, epochs=1, min_epoch=128, batch=32, width=0.05, progress=False)
        clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
        rows = GoldQuery(discriminator=gan, random_state=0).query(X, Y, clf, batch_size=3)
        p = clf.fit(X, Y).predict_proba(X)
        expected = np.where(np.isnan(Y), gan.score(X.astype("f4")).logit + entropy(p), -np.inf)
        np.testing.assert_array_equal(rows, np.argsort(-expected)[:3])

    def test_what_it_refuses(self):
        clf = SklearnClassifier(LogisticRegression(), classes=[0, 1])
        for words, query in (("expected what says how real samples look", GoldQuery()),
                             ("did you mean 'gold'", GoldQuery(discriminator=realness, strategy="golf")),
                             ("as after a sigmoid", GoldQuery(discriminator=lambda x: 1 / (1 + np.exp(-realness(x))))),
                             ("2 logits for 280 samples", GoldQuery(discriminator=lambda x: np.zeros(2, "f4")))):
            with self.assertRaises(paydirt.UsageError) as caught:
                query.query(X, Y, clf)
            self.assertIn(words, str(caught.exception))


if Template:
    class ItsOwnTests(Template, unittest.TestCase):
        def setUp(self):
            self.classes = [0, 1]
            super().setUp(qs_class=GoldQuery, init_default_params={"discriminator": realness}, query_default_params_clf={
                "X": np.array([[1, 2], [5, 8], [8, 4], [5, 4]]), "y": np.array([0, 1, MISSING_LABEL, MISSING_LABEL]),
                "clf": ParzenWindowClassifier(random_state=0, classes=self.classes)})

        def test_init_param_discriminator(self):
            self._test_param("init", "discriminator", [
                (realness, None), (None, ValueError), ("string", ValueError), (1, ValueError)])

        def test_init_param_strategy(self):
            self._test_param("init", "strategy", [("gold", None), ("entropy", None), ("string", ValueError), (1, TypeError)])

        def test_init_param_balanced(self):
            self._test_param("init", "balanced", [(True, None), (False, None), ("string", TypeError), (1, TypeError)])

        def test_query_param_clf(self):
            from sklearn.svm import SVC
            super().test_query_param_clf(test_cases=[(SVC(), TypeError)])

        def test_query_param_sample_weight(self):
            x = self.query_default_params_clf["X"]
            super().test_query_param_sample_weight([("string", ValueError), (x, ValueError), (np.empty(len(x) - 1), ValueError)])

        def test_query(self):
            query = dict(self.query_default_params_clf, batch_size=2, return_utilities=True)
            rows, utilities = GoldQuery(discriminator=realness).query(**query)
            self.assertEqual((set(rows), utilities.shape), ({2, 3}, (2, 4)))


class Sampler(unittest.TestCase):
    """What modAL calls, without it."""

    def predict_proba(self, x):
        p = 1 / (1 + np.exp(-x[:, 0]))
        return np.stack([1 - p, p], 1)

    def test_pickled(self):
        query = paydirt.modal.sampler(discriminator=realness)
        again = pickle.loads(pickle.dumps(query))
        np.testing.assert_array_equal(again(self, X, 3)[0], query(self, X, 3)[0])

    def test_flattened_images(self):
        x = RNG.integers(0, 255, (40, 8, 8), dtype=np.uint8)
        how = dict(threads=1, epochs=1, min_epoch=40, batch=16, width=0.05, progress=False)
        gan = paydirt.train(x, CLASSES[:40], size=16, **how)
        np.testing.assert_array_equal(real_fake(gan, x.reshape(40, -1)), gan.score(x).logit)
        with self.assertRaisesRegex(paydirt.UsageError, "X: rows of 63 numbers, expected images of 1 x 16 x 16"):
            real_fake(gan, x.reshape(40, -1)[:, 1:])
        smooth = np.linspace(0, 200, 16)[None, :, None, None] + np.array([0, 50, 20]) + RNG.integers(0, 5, (40, 16, 16, 3))
        smooth = smooth.astype(np.uint8)
        gan = paydirt.train(smooth, CLASSES[:40], size=16, **how)
        np.testing.assert_array_equal(real_fake(gan, np.moveaxis(smooth, 3, 1).reshape(40, -1)), gan.score(smooth).logit)
        with self.assertWarnsRegex(UserWarning, "flattened channels last"):
            real_fake(gan, smooth.reshape(40, -1))

    def test_what_it_refuses(self):
        sure = lambda x: 1 / (1 + np.exp(-realness(x)))  # noqa: E731
        for words, n, discriminator in (("as after a sigmoid", 3, sure), ("n_instances: -1", -1, realness),
                                        ("n_instances: 301, expected 0 to 300", 301, realness), ("2.5", 2.5, realness)):
            with self.assertRaises(paydirt.UsageError) as caught:
                paydirt.modal.sampler(discriminator=discriminator)(self, X, n)
            self.assertIn(words, str(caught.exception))
        self.decision_function = sure  # an estimator's are no probabilities
        self.assertEqual(len(paydirt.modal.sampler(discriminator=self)(self, X, 3)[0]), 3)


@unittest.skipUnless(modAL, "no modAL")
class ModAL(unittest.TestCase):
    def test_in_its_loop(self):
        from modAL.models import ActiveLearner
        from sklearn.linear_model import LogisticRegression as Logistic
        for n in (1, 2, 7):  # modAL takes an array of two for a pair
            learner = ActiveLearner(Logistic(), paydirt.modal.sampler(discriminator=realness), X[:20], CLASSES[:20])
            rows, samples = learner.query(X, n_instances=n)
            expected = realness(X) + entropy(learner.predict_proba(X))
            np.testing.assert_array_equal(rows, np.argsort(-expected)[:n])
            np.testing.assert_array_equal(samples, X[rows])

    def test_as_its_own_entropy(self):
        from modAL.models import ActiveLearner
        from modAL.uncertainty import entropy_sampling
        from sklearn.linear_model import LogisticRegression as Logistic
        ours = ActiveLearner(Logistic(), paydirt.modal.sampler("entropy"), X[:20], CLASSES[:20])
        theirs = ActiveLearner(Logistic(), entropy_sampling, X[:20], CLASSES[:20])
        np.testing.assert_array_equal(np.sort(ours.query(X, n_instances=9)[0]), np.sort(theirs.query(X, n_instances=9)[0]))


if __name__ == "__main__":
    unittest.main()
