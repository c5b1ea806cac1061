"""paydirt.select against NumPy, on the arrays that people have."""
import os
import unittest
import warnings

import numpy as np

import paydirt

RNG = np.random.default_rng(3)
N, K = 30000, 7
LOGIT = RNG.normal(size=N).astype("f4")
CLASSES = (3 * RNG.normal(size=(N, K))).astype("f4")
FEATURES = RNG.normal(size=(500, 6)).astype("f4")


def softmax(x):
    e = np.exp(x.astype("f8") - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def entropy(p):
    return -(p * np.log(p)).sum(-1)


def top(score, k):
    return np.argsort(-score, kind="stable")[:k]


class Tensor:
    """What PyTorch's tensors, and others', look like from here."""

    def __init__(self, a):
        self.a = a

    def __dlpack__(self, **kwargs):
        return self.a.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return (1, 0)


class Interface:
    def __init__(self, a):
        self.__array_interface__ = a.__array_interface__
        self.a = a


class Series:
    """What pandas' look like from here."""

    def __init__(self, a, index):
        self.a, self.index = a, Index(index)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.a, dtype)


class Index(list):
    def equals(self, other):
        return self == other


Series.__module__ = "pandas.core.series"


class Selects(unittest.TestCase):
    def test_gold(self):
        expected = top(LOGIT + entropy(softmax(CLASSES)), 100)
        np.testing.assert_array_equal(paydirt.select(LOGIT, CLASSES, strategy="gold", k=100), expected)

    def test_rows_of_pandas_in_one_order(self):
        index = list(range(len(LOGIT)))
        expected = paydirt.select(LOGIT, CLASSES, k=5)
        for other in (CLASSES, Series(CLASSES, index)):
            np.testing.assert_array_equal(paydirt.select(Series(LOGIT, index), other, k=5), expected)
        with self.assertRaisesRegex(paydirt.UsageError, "class_logits: another index than logits has"):
            paydirt.select(Series(LOGIT, index), Series(CLASSES, index[::-1]), k=5)

    def test_passes_of_pandas_in_one_order(self):
        index = list(range(40))
        passes = RNG.normal(size=(2, 40, 3))
        expected = paydirt.select(passes=passes, strategy="bald", k=5)
        for given in (list(passes), [Series(p, index) for p in passes]):
            np.testing.assert_array_equal(paydirt.select(passes=given, strategy="bald", k=5), expected)
        with self.assertRaisesRegex(paydirt.UsageError, r"passes\[1\]: another index than passes\[0\] has"):
            paydirt.select(passes=[Series(passes[0], index), Series(passes[1], index[::-1])], strategy="bald", k=5)
        with self.assertRaisesRegex(paydirt.UsageError, r"passes\[0\]: another index than features has"):
            paydirt.select(passes=[Series(p, index) for p in passes], features=Series(FEATURES[:40], index[::-1]),
                           strategy="bald", k=5)
        turned = [Series(p, index) for p in passes]
        for p, columns in zip(turned, (["a", "b", "c"], ["c", "b", "a"])):
            p.columns, p.dtypes = columns, None
        with self.assertRaisesRegex(paydirt.UsageError, r"passes\[1\]: the columns of passes\[0\] in another order"):
            paydirt.select(passes=turned, strategy="bald", k=5)

    def test_labelled_by_an_index(self):
        class Labelled(Index):
            def get_indexer(self, other):
                raise NotImplementedError

        logits = Series(LOGIT, list(range(N))[::-1])
        logits.index = Labelled(logits.index)
        with self.assertRaisesRegex(paydirt.UsageError, "that of logits is not 0 to 29999: expected row numbers"):
            paydirt.select(logits, CLASSES, k=5, labelled=Labelled([3, 4]))
        logits.index.reverse()
        np.testing.assert_array_equal(paydirt.select(logits, CLASSES, k=5, labelled=Labelled([3, 4])),
                                      paydirt.select(LOGIT, CLASSES, k=5, labelled=[3, 4]))

    def test_frames_from_files(self):
        try:
            import pandas as pd
        except ImportError:
            self.skipTest("no pandas")
        frame = pd.DataFrame(FEATURES)
        expected = paydirt.select(features=FEATURES, strategy="coreset", k=5)
        with self.assertWarnsRegex(UserWarning, "'Unnamed: 0', has row numbers and is left out"):
            got = paydirt.select(features=frame.reset_index().rename(columns={"index": "Unnamed: 0"}), strategy="coreset", k=5)
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(paydirt.select(features=frame.astype("Float32"), strategy="coreset", k=5), expected)
        mask = pd.Series(np.arange(len(frame)) < 9, index=frame.index[::-1])
        for kind in ("bool", "boolean"):
            with self.assertRaisesRegex(paydirt.UsageError, "labelled: another index than features has"):
                paydirt.select(features=frame, strategy="coreset", k=5, labelled=mask.astype(kind))
            np.testing.assert_array_equal(
                paydirt.select(features=frame, strategy="coreset", k=5, labelled=mask.reset_index(drop=True).astype(kind)),
                paydirt.select(features=FEATURES, strategy="coreset", k=5, labelled=mask.to_numpy()))

    def test_entropy_and_its_other_name(self):
        expected = top(entropy(softmax(CLASSES)), 50)
        for name in ("entropy", "most-entropy"):
            np.testing.assert_array_equal(paydirt.select(class_logits=CLASSES, strategy=name, k=50), expected)

    def test_scores(self):
        np.testing.assert_allclose(paydirt.scores(class_logits=CLASSES, strategy="entropy"), entropy(softmax(CLASSES)), rtol=1e-9)

    def test_coreset_counts_labelled_rows(self):
        known = np.array([3, 77])
        rows, taken = [], list(known)
        for _ in range(20):
            far = np.min(((FEATURES[:, None].astype("f8") - FEATURES[taken]) ** 2).sum(-1), 1)
            rows.append(int(far.argmax()))
            taken.append(rows[-1])
        mask = np.zeros(len(FEATURES), bool)
        mask[known] = True
        for labelled in (known, mask, known.astype("u1"), list(known)):
            got = paydirt.select(features=FEATURES, labelled=labelled, strategy="coreset", k=20)
            self.assertEqual(list(got), rows)

    def test_badge_takes_probabilities(self):
        logits = CLASSES[:500]
        a = paydirt.select(features=FEATURES, probabilities=softmax(logits), strategy="badge", k=10, seed=1)
        self.assertEqual(len(set(a)), 10)

    def test_draws_as_the_program_does(self):
        default = paydirt.select(LOGIT, CLASSES, strategy="random", k=9)
        np.testing.assert_array_equal(default, paydirt.select(LOGIT, CLASSES, strategy="random", k=9, seed=1))

    def test_probabilities_choose_as_logits_do(self):
        np.testing.assert_array_equal(paydirt.select(probabilities=softmax(CLASSES), strategy="margin", k=30),
                                      paydirt.select(class_logits=CLASSES, strategy="margin", k=30))

    def test_bald(self):
        passes = RNG.normal(size=(5, 400, 3)).astype("f4")
        p = softmax(passes)
        expected = top(entropy(p.mean(0)) - entropy(p).mean(0), 9)
        np.testing.assert_array_equal(paydirt.select(passes=passes, strategy="bald", k=9), expected)

    def test_labelled_rows_are_left_out(self):
        all_rows = paydirt.select(LOGIT, CLASSES, k=20)
        rest = paydirt.select(LOGIT, CLASSES, k=10, labelled=all_rows[:10])
        np.testing.assert_array_equal(rest, all_rows[10:])

    def test_diverse(self):
        rows = paydirt.select(class_logits=CLASSES[:500], features=FEATURES, strategy="entropy", diverse="k-center", k=8)
        best = paydirt.select(class_logits=CLASSES[:500], strategy="entropy", k=80)
        self.assertEqual(rows[0], best[0])
        self.assertTrue(set(rows) <= set(best) and len(set(rows)) == 8)

    def test_all_strategies_choose(self):
        for s in paydirt.strategies():
            given = {"logits": LOGIT[:200], "class_logits": CLASSES[:200], "features": FEATURES[:200],
                     "passes": np.stack([CLASSES[:200], CLASSES[200:400]])}
            rows = paydirt.select(**{name: given[name] for name in s.needs or ["logits"]}, strategy=s.name, k=5,
                                  clusters=3 * (s.name in ("typiclust", "probcover")))
            self.assertEqual(len(set(rows)), 5, s.name)

    def test_rows_do_not_depend_on_threads(self):
        np.testing.assert_array_equal(paydirt.select(LOGIT, CLASSES, k=99, threads=1),
                                      paydirt.select(LOGIT, CLASSES, k=99, threads=3))


class Arrays(unittest.TestCase):
    def test_layouts_and_types(self):
        expected = paydirt.select(LOGIT, CLASSES, k=40)
        wide = np.zeros((N, 2 * K), "f4")
        wide[:, ::2] = CLASSES
        for c in (np.asfortranarray(CLASSES), wide[:, ::2], CLASSES.astype("f8"), CLASSES.astype(">f4"), Tensor(CLASSES),
                  Interface(CLASSES)):
            for m in (LOGIT, LOGIT[:, None], LOGIT[::-1][::-1], Tensor(LOGIT)):
                np.testing.assert_array_equal(paydirt.select(m, c, k=40), expected)

    def test_float64_that_float32_would_round(self):
        exact = CLASSES.astype("f8")
        for far in (1e7, 1e7 * np.arange(N)[:, None]):
            np.testing.assert_allclose(paydirt.scores(class_logits=exact - far, strategy="entropy"), entropy(softmax(CLASSES)),
                                       atol=1e-3)
        for far in (1e5, 1e7, 1e12):
            np.testing.assert_array_equal(paydirt.select(class_logits=exact + far, strategy="entropy", k=50),
                                          paydirt.select(class_logits=CLASSES, strategy="entropy", k=50))
        np.testing.assert_allclose(paydirt.scores(passes=np.stack([exact + 1e5, exact - 1e6]), strategy="bald"), 0, atol=1e-7)
        noise = np.hstack([FEATURES.astype("f8"), 1 / 3 + 1e-16 * FEATURES[:, :1].astype("f8")])  # a column of nothing
        np.testing.assert_array_equal(paydirt.select(features=noise, strategy="coreset", k=9),
                                      paydirt.select(features=FEATURES, strategy="coreset", k=9))
        tiny = np.where(CLASSES < 0, 1e-46, CLASSES.astype("f8"))
        with np.errstate(all="raise"):
            self.assertEqual(len(paydirt.select(class_logits=tiny, strategy="entropy", k=3)), 3)

    def test_sigmoids_keep_their_digits(self):
        p = np.array([1 - 1e-8, 1 - 1e-12, 1e-50, 0.0, 1.0])
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            s = paydirt.scores(p, np.array([[9e9, 0]] * 5, "f4"), sigmoid=True, judge=False)
        np.testing.assert_allclose(s, [18.42068, 27.63104, -115.12925, -750, 750], rtol=1e-5)
        self.assertEqual([str(w.message).split(",")[0] for w in said], ["logits: 2 of 5 are exactly 0 or 1"])

    def test_more_candidates_than_rows(self):
        given = {"class_logits": CLASSES[:len(FEATURES)], "features": FEATURES, "strategy": "entropy", "diverse": "k-center", "k": 9}
        np.testing.assert_array_equal(paydirt.select(candidates=N, **given),
                                      paydirt.select(candidates=len(FEATURES), **given))

    def test_float16_is_taken_as_it_is(self):
        half = CLASSES.astype("f2")
        np.testing.assert_array_equal(paydirt.select(class_logits=half, strategy="margin", k=9),
                                      paydirt.select(class_logits=half.astype("f4"), strategy="margin", k=9))

    def test_no_copy(self):
        from paydirt._arrays import floats
        fixed = LOGIT.copy()
        fixed.flags.writeable = False
        for a in (LOGIT, fixed, Interface(LOGIT)):
            self.assertTrue(np.shares_memory(floats(a, "a"), a.a if isinstance(a, Interface) else a))

    def test_given_arrays_stay_as_they_are(self):
        p = softmax(CLASSES).astype("f4")
        before = p.copy()
        paydirt.select(probabilities=p, strategy="entropy", k=3)
        np.testing.assert_array_equal(p, before)

    def test_empty(self):
        self.assertEqual(paydirt.select(LOGIT[:0], CLASSES[:0], k=0).shape, (0,))


class Refuses(unittest.TestCase):
    def refuses(self, words, *args, kind=paydirt.UsageError, **kwargs):
        with self.assertRaises(kind) as caught:
            paydirt.select(*args, **{"k": 3, **kwargs})
        self.assertIn(words, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_probabilities_as_logits(self):
        p = softmax(CLASSES)
        self.refuses("probabilities=", class_logits=p, strategy="entropy")
        self.refuses("percentages", class_logits=100 * p, strategy="entropy")
        self.refuses("rows of -log p", class_logits=-np.log(p), strategy="entropy")
        labels = np.arange(20)[:, None] % 2
        self.refuses("column 2 of 3", class_logits=np.hstack([np.linspace(-1.3, 1.1, 40).reshape(20, 2), labels]),
                     strategy="entropy")
        self.refuses("sigmoid=True", 1 / (1 + np.exp(-LOGIT)), CLASSES)
        self.assertEqual(len(paydirt.select(class_logits=p, strategy="entropy", k=3, judge=False)), 3)
        self.refuses("row 0: ", probabilities=CLASSES, strategy="entropy")
        self.refuses("both given", class_logits=CLASSES, probabilities=p)
        self.refuses("a sigmoid for each class: take the numbers before it (if they are logits: judge=False)",
                     class_logits=1 / (1 + np.exp(-CLASSES)), strategy="entropy")

    def test_shapes(self):
        self.refuses("those of classes are class_logits=", CLASSES)
        self.refuses("needs the class logits", LOGIT)
        self.refuses("class_logits: 99 rows, logits has 100", LOGIT[:100], CLASSES[:99])
        self.refuses("(passes, rows, classes)", passes=CLASSES, strategy="bald")
        self.refuses("(rows, width)", features=LOGIT, strategy="coreset")

    def test_types(self):
        self.refuses("int64", class_logits=CLASSES.astype(int), strategy="entropy")
        self.refuses("complex", class_logits=CLASSES.astype(complex), strategy="entropy")
        self.refuses("<U1", class_logits=np.full((9, 2), "a"), strategy="entropy")
        self.refuses("masked", class_logits=[np.ma.masked_greater(c, 1) for c in CLASSES[:9]], strategy="entropy")
        self.refuses("rows of different lengths", features=[[1.0, 2.0], [3.0]], strategy="coreset")
        for x in (1e9 + FEATURES.astype("f8"), (1e9 + 9 * FEATURES.astype("f8")).astype(int)):
            self.refuses("float32 hardly tells apart", features=x, strategy="coreset")
        self.refuses("float32 hardly tells apart", LOGIT.astype("f8") + 1e8, CLASSES)
        self.refuses("masked", class_logits=np.ma.masked_greater(CLASSES, 1), strategy="entropy")

    def test_numbers_that_are_not_finite(self):
        bad = CLASSES.copy()
        bad[123, 4] = np.nan
        self.refuses("row 123", class_logits=bad, strategy="entropy")

    def test_labelled(self):
        f = FEATURES
        self.refuses("a mask of shape (499)", features=f, strategy="coreset", labelled=np.zeros(499, bool))
        self.refuses("0 or 1 for each row", features=f, strategy="coreset", labelled=np.arange(500) % 2)
        self.refuses("row 3 comes twice", features=f, strategy="coreset", labelled=[1, 3, 3])
        self.refuses("labelled row -1", features=f, strategy="coreset", labelled=[-1])
        self.refuses("labelled row 500", features=f, strategy="coreset", labelled=[500])
        self.refuses("expected whole numbers", features=f, strategy="coreset", labelled=[0.5])
        self.refuses("less than 2^63", features=f, strategy="coreset", labelled=np.array([2**64 - 1], "u8"))

    def test_arrays_without_a_number(self):
        self.refuses("class_logits: shape (5, 0)", class_logits=np.zeros((5, 0)), strategy="entropy", k=1)
        self.refuses("features: shape (5, 0)", features=np.zeros((5, 0)), strategy="coreset", k=1)
        for shape in ((0, 5, 2), (1, 5, 2), (3, 5, 1), (3, 5, 0)):
            self.refuses("expected 2 passes and 2 classes or more", passes=np.zeros(shape), strategy="bald", k=1)
        self.assertEqual(len(paydirt.select(passes=np.zeros((3, 0, 2)), strategy="bald", k=0)), 0)

    @unittest.skipIf(np.lib.NumpyVersion(np.__version__) < "1.24.0", "NumPy says nothing of it")
    def test_numbers_beyond_float32(self):
        self.refuses("logits: row 5 is beyond float32", np.where(np.arange(N) == 5, 1e300, LOGIT.astype("f8")), CLASSES)

    def test_counts_and_names(self):
        self.refuses("k: -1", LOGIT, CLASSES, k=-1)
        self.refuses("k: 2.5", LOGIT, CLASSES, k=2.5)
        self.refuses("k: 30001", LOGIT, CLASSES, k=N + 1)
        self.refuses("did you mean 'entropy'?", class_logits=CLASSES, strategy="entropi")
        self.refuses("2 rows asked for, the pool has 1 without a label", LOGIT[:3], CLASSES[:3], k=2, labelled=[0, 1])
        for threads in (-1, 1025, "2", 1.5):
            self.refuses("threads: ", LOGIT, CLASSES, threads=threads)
        self.refuses("strategy: None", LOGIT, CLASSES, strategy=None)
        self.refuses("features= is missing", LOGIT, CLASSES, diverse="k-center")
        spread = dict(class_logits=CLASSES[:500], features=FEATURES, strategy="entropy", diverse="k-center", k=6)
        self.refuses("candidates: 5, less than k (6)", candidates=5, **spread)
        self.refuses("6 rows asked for, the pool has 5 without a label", labelled=np.arange(495), **spread)
        self.refuses("diverse: [], expected 'k-center'", LOGIT, CLASSES, diverse=[])
        for balanced in (None, "no"):
            self.refuses("balanced: ", LOGIT, CLASSES, balanced=balanced)

    def test_options_that_do_nothing(self):
        self.refuses("has no terms to balance", class_logits=CLASSES, strategy="entropy", balanced=True)
        self.refuses("clusters: ", class_logits=CLASSES, strategy="entropy", clusters=3)
        self.refuses("radius: ", features=FEATURES, strategy="typiclust", radius=1.0)
        self.refuses("radius: 'x', expected a number", features=FEATURES, strategy="probcover", radius="x")
        self.refuses("chooses rows together already", features=FEATURES, strategy="coreset", diverse="k-center")
        with self.assertRaisesRegex(paydirt.UsageError, "has no terms to balance"):
            paydirt.scores(class_logits=CLASSES, strategy="entropy", balanced=True)

    def test_what_is_doubtful_is_said(self):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            paydirt.select(class_logits=CLASSES[:3], strategy="entropy", k=1)
            paydirt.select(probabilities=np.full((9, 3), 0.33), strategy="entropy", k=1)
            paydirt.select(passes=np.moveaxis(RNG.normal(size=(5, 40, 3)), 0, 1), strategy="bald", k=1)
            paydirt.select(features=np.hstack([np.arange(500)[:, None], FEATURES]), strategy="coreset", k=1)
            paydirt.select(features=np.hstack([FEATURES, np.arange(500)[:, None]]), strategy="coreset", k=1)
        for words, s in zip(("transposed", "within 0.01 only", "is it (rows, passes, classes)?", "column 0 counts the rows",
                             "column %d counts the rows" % FEATURES.shape[1]), said):
            self.assertIn(words, str(s.message))
        self.assertEqual([s.filename for s in said], 5 * [__file__])

    def test_errors_are_pythons_too(self):
        self.assertTrue(issubclass(paydirt.UsageError, ValueError) and issubclass(paydirt.FileError, OSError))


class Processes(unittest.TestCase):
    def test_a_forked_process_selects(self):
        """OpenMP's threads are not in it, and would be waited for."""
        expected = paydirt.select(LOGIT, CLASSES, k=9, threads=2)
        child = os.fork()
        if not child:
            try:
                os._exit(not (paydirt.select(LOGIT, CLASSES, k=9, threads=2) == expected).all())
            finally:
                os._exit(2)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


if __name__ == "__main__":
    unittest.main()
