"""ActiveLearner: answers that are kept whatever happens to the process; metrics against NumPy."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest
import warnings

import numpy as np

import paydirt
from paydirt._images import understand

RNG = np.random.default_rng(11)
N = 120
CLASSES = np.arange(N) % 2
POOL = RNG.integers(0, 60, (N, 8, 8), dtype=np.uint8)
POOL[CLASSES == 1, :4] += 150
HOW = dict(classes=["dark", "light"], budget=14, init=6, per_round=4, epochs=1, width=0.05, min_epoch=64, batch=16, size=8,
           threads=1, validation=0, progress=False)


def learner(folder, pool=POOL, **more):
    return paydirt.ActiveLearner(pool, folder=folder, **{**HOW, **more})


class Loop(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = os.path.join(scratch.name, "loop")

    def test_from_the_first_question_to_the_last(self):
        loop, sizes = learner(self.folder), []
        while len(rows := loop.query()):
            np.testing.assert_array_equal(rows, learner(self.folder).query())  # a restarted kernel asks the same
            loop = learner(self.folder)
            sizes.append(len(rows))
            loop.answer(rows, CLASSES[rows])
            self.assertEqual((loop.labels >= 0).sum(), sum(sizes))
        self.assertEqual(sizes, [6, 4, 4])
        self.assertTrue(loop.done)
        known = loop.labels >= 0
        np.testing.assert_array_equal(loop.labels[known], CLASSES[known])
        self.assertEqual(loop.gan.class_names, ["dark", "light"])
        more = learner(self.folder, budget=16)
        self.assertEqual(len(more.query()), 2)

    def test_numbers_that_classes_are_called(self):
        for k, (classes, number, name) in enumerate((([1, 2], 1, "1"), (["dark", "light"], 1, "light"), (["0", "1"], 1, "1"))):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                loop = learner("%s-%d" % (self.folder, k), classes=classes)
            loop.answer([0], [number])
            self.assertEqual((loop.labels[0], loop._pending()[False][0]), (number, name))
            again = learner("%s-again-%d" % (self.folder, k), classes=classes, labels=loop.labels)  # what it gives it takes
            np.testing.assert_array_equal(again.labels, loop.labels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loop = learner(self.folder, classes=["001", "002"])
        with self.assertRaisesRegex(paydirt.UsageError, "name or its place: expected a name, as '001'"):
            loop.answer([0], [1])

    def test_classes_that_look_like_formulas(self):
        loop = learner(self.folder, classes=["+", "-"])
        rows = loop.query()
        words = [("+", "-")[k] for k in CLASSES[rows]]
        loop.answer(rows, words)
        more = loop.query()  # the run has written the answers
        np.testing.assert_array_equal(loop.labels[rows], CLASSES[rows])
        loop.answer(more, [("+", "-")[k] for k in CLASSES[more]])
        again = learner(self.folder, classes=["+", "-"])
        np.testing.assert_array_equal(again.labels[more], CLASSES[more])
        with self.assertRaisesRegex(paydirt.UsageError, "was answered before as '[+-]'"):
            again.answer(rows[:1], ["-" if words[0] == "+" else "+"])

    def test_numbers_beside_names_of_a_data_set(self):
        os.mkdir(self.folder)
        path = os.path.join(self.folder, "x.npz")
        np.savez(path, images=np.kron(POOL, np.ones((1, 2, 2), np.uint8)), labels=CLASSES)
        d = paydirt.open_data(path, classes=["2019", "2020"])
        loop = learner(self.folder + "-loop", pool=d.images, classes=d.class_names)
        loop.answer([1, 2], d.labels[[1, 2]])
        self.assertEqual(list(loop.labels[:3]), [-1, 2020, 2019])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            paydirt.metrics.fitting_capacity(d.images, d.labels, d.images, d.labels, epochs=1, threads=1)

    def test_copies_are_told_by_what_was_given(self):
        pool = np.zeros((N, 8, 8), np.uint16)
        pool[:, 0, 0], pool[:, 4, 4] = 65000, np.arange(N) % 100
        loop = learner(self.folder, pool=pool)
        digests = np.load(loop._data)["paydirt_given"]
        self.assertEqual((digests.shape, digests.dtype, len(np.unique(digests, axis=0))), ((N, 16), np.uint8, 100))
        self.assertEqual(len(loop.query()), 6)
        for same in (POOL, POOL / np.float32(255), POOL / np.float32(127.5) - 1, POOL.astype("i8")):
            self.assertIsNone(understand(same, CLASSES).given)

    def test_copies_share_their_label(self):
        pool = POOL.copy()
        pool[1], pool[3] = pool[0], pool[2]
        loop = learner(self.folder, pool=pool)
        rows = loop.query()
        np.testing.assert_array_equal(loop.query(), rows)
        self.assertEqual(len([line for line in loop.notes if "exact copies" in line]), 1)
        loop.answer([0, 2, 3], ["light", None, "dark"])
        self.assertEqual(list(loop.labels[:4]), [1, -1, -1, 0])
        while len(left := loop.query()) and set(left) & set(rows):
            loop.answer(left, CLASSES[left])
        self.assertEqual(list(loop.labels[:2]), [1, 1])
        self.assertNotIn(1, left)
        self.assertIn(" %d of 14 labels" % sum(w != "skip" for w in loop._answered().values()), repr(loop))
        loop.answer([1], ["dark"])
        self.assertEqual(list(loop.labels[:2]), [1, 0])

    def test_a_callback_stops(self):
        loop = learner(self.folder, callbacks=[lambda epoch: True])
        rows = loop.query()
        loop.answer(rows, CLASSES[rows])
        with self.assertRaisesRegex(KeyboardInterrupt, "^stopped by a callback: query.. goes on$"):
            loop.query()
        loop = learner(self.folder)
        self.assertEqual(len(loop.query()), 4)

    def test_the_process_goes_elsewhere(self):
        os.mkdir(self.folder)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(os.path.dirname(self.folder))
        loop = learner("loop")
        loop.answer([0], [1])
        os.chdir(self.folder)
        loop.answer([1], [1])
        self.assertEqual((loop.folder, list(loop.labels[:2])), (pathlib.Path(self.folder).resolve(), [1, 1]))

    def test_answers_of_pandas(self):
        try:
            import pandas as pd
        except ImportError:
            self.skipTest("no pandas")
        loop, rows, truth = learner(self.folder), np.array([7, 3, 5]), pd.Series(np.arange(N) % 2, index=range(N))
        for labels in (truth[truth.index.isin(rows)], truth[rows[::-1]], pd.Series([1, 0, 1], index=["a", "b", "c"])):
            with self.assertRaisesRegex(paydirt.UsageError, "index is not rows in their order"):
                loop.answer(rows, labels)
        with self.assertRaisesRegex(paydirt.UsageError, "index is not rows in their order"):
            loop.answer([2, 1, 0], truth[:3])
        for labels in (truth[rows], pd.Series([1, 1, 1]), truth[rows].to_list()):
            loop.answer(rows, labels)
        frame = pd.DataFrame({"row": [2, 1, 0], "label": [0, 1, 0]})
        loop.answer(frame.row, frame.label)
        self.assertEqual(list(loop.labels[:6]), [0, 1, 0, 1, -1, 1])
        for words, labels in (("a set", {0, 1}), ("a dict", {8: 0, 9: 1})):
            with self.assertRaisesRegex(paydirt.UsageError, words):
                loop.answer([8, 9], labels)
        with self.assertRaisesRegex(paydirt.UsageError, "row 0: <NA>"):
            loop.answer([8], [pd.NA])

    def test_a_crash_loses_no_label(self):
        """A process that is killed the moment that answer() has returned."""
        code = "import sys; sys.path[:0] = %r\nimport os, signal, test_active\nloop = test_active.learner(%r)\nrows = loop.query()\n" \
               "loop.answer(rows[:4], ['light', None, 0, 1])\nprint(*rows, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n" \
               % ([os.path.dirname(__file__)] + sys.path, self.folder)
        child = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        self.assertEqual(child.returncode, -signal.SIGKILL)
        rows = [int(r) for r in child.stdout.split()]
        loop = learner(self.folder)
        self.assertEqual(list(loop.labels[rows[:4]]), [1, -1, 0, 1])
        left = list(loop.query())
        self.assertEqual(left[:2], rows[4:])
        self.assertNotIn(rows[1], left)  # skipped: another is asked for in its place
        self.assertEqual(len(left), 3)

    def test_corrections(self):
        loop = learner(self.folder)
        rows = loop.query()
        loop.answer(rows, CLASSES[rows])
        with self.assertRaisesRegex(paydirt.UsageError, "it was answered before as"):
            loop.answer(rows[:1], 1 - CLASSES[rows[:1]])
        loop.query()
        loop.answer(rows[:1], 1 - CLASSES[rows[:1]], correct=True)
        self.assertEqual(loop.labels[rows[0]], 1 - CLASSES[rows[0]])
        loop.query()
        self.assertEqual(learner(self.folder).labels[rows[0]], 1 - CLASSES[rows[0]])

    def test_labels_that_are_known_count(self):
        known = np.where(np.arange(N) < 8, CLASSES, -1)
        loop = learner(self.folder, labels=known)
        self.assertTrue((loop.query() >= 8).all())
        np.testing.assert_array_equal(loop.labels, known)

    def test_two_of_them_answer(self):
        """What one has answered is the other's, too, and no answer is written over."""
        a, b = learner(self.folder), learner(self.folder)
        rows = a.query()
        a.answer(rows[:2], CLASSES[rows[:2]])
        b.answer(rows[2:4], CLASSES[rows[2:4]])
        with self.assertRaisesRegex(paydirt.UsageError, "it was answered before"):
            b.answer(rows[:1], 1 - CLASSES[rows[:1]])
        for loop in (a, b, learner(self.folder)):
            np.testing.assert_array_equal(np.flatnonzero(loop.labels >= 0), np.sort(rows[:4]))
        np.testing.assert_array_equal(b.query(), rows[4:])  # the same run
        self.assertEqual(len(list(pathlib.Path(self.folder).glob("*/active.json"))), 1)
        late = lambda epoch: learner(self.folder).answer(asked, CLASSES[asked])  # noqa: E731
        asked = np.setdiff1d(np.arange(N), rows)[:2]
        a = learner(self.folder, callbacks=[late])
        a.answer(rows[4:], CLASSES[rows[4:]])
        a.query()  # while it trains, another one answers
        np.testing.assert_array_equal(np.flatnonzero(a.labels >= 0), np.sort([*rows, *asked]))

    def test_a_correction_while_it_trains(self):
        """The run has taken the answer by then, and gets the other as a correction."""
        loop = learner(self.folder)
        rows = loop.query()
        other = 1 - CLASSES[rows[:1]]
        corrects = lambda epoch: learner(self.folder).answer(rows[:1], other, correct=True)  # noqa: E731
        loop = learner(self.folder, callbacks=[corrects])
        loop.answer(rows, CLASSES[rows])
        self.assertEqual(len(loop.query()), 4)
        self.assertEqual(len(learner(self.folder).query()), 4)
        self.assertEqual(learner(self.folder).labels[rows[0]], other[0])

    def test_its_networks_are_those_of_the_strategy(self):
        """Whatever the times of the files, and beside a baseline."""
        known = CLASSES.astype("int32")
        loop = learner(self.folder, labels=known, oracle="labels", baseline="random", budget=10, measure=False)
        self.assertEqual(len(loop.query()), 0)
        run = next(pathlib.Path(self.folder).glob("*/active.json")).parent
        for file in run.glob("random-1/*/*"):
            os.utime(file, (2e9, 2e9))
        expected = paydirt.load(sorted(run.glob("gold-1/round-*"))[-1]).score(POOL[:9]).logit
        np.testing.assert_array_equal(loop.gan.score(POOL[:9]).logit, expected)

    def test_an_array_of_labels_is_not_kept(self):
        known = np.where(np.arange(N) < 8, CLASSES, -1).astype("int32")
        loop = learner(self.folder, labels=known)
        known[:] = 1
        self.assertEqual((loop.labels >= 0).sum(), 8)

    def test_classes_may_be_added(self):
        loop = learner(self.folder)
        loop.answer([0], ["light"])
        with self.assertRaisesRegex(paydirt.UsageError, "row 0 was answered as 'light', which is none of them .dark, odd"):
            learner(self.folder, classes=["dark", "odd"])
        rows = loop.query()
        loop.answer(rows, CLASSES[rows], correct=True)
        loop.query()
        for classes in (["light", "dark"], ["dark", "odd", "light"], ["dark"], 2):
            with self.assertRaisesRegex(paydirt.UsageError, "has dark, light: give these in that order"):
                learner(self.folder, classes=classes)
        more = ["dark", "light", "odd"]
        loop = learner(self.folder, classes=more)
        rows = loop.query()
        loop.answer(rows, [2, *CLASSES[rows[1:]]])
        loop.query()
        self.assertEqual((loop.labels[rows[0]], loop.gan.class_names), (2, more))
        self.assertEqual(learner(self.folder, classes=more).labels[rows[0]], 2)
        with self.assertRaisesRegex(paydirt.UsageError, "has dark, light, odd"):
            learner(self.folder)

    def test_what_it_refuses(self):
        loop = learner(self.folder)
        for words, rows, labels in (("0 to 119", [N], [0]), ("'lihgt' is none of the classes", [0], ["lihgt"]),
                                    ("2, expected 0 to 1", [0], [2]), ("-1, expected", [0], [-1]), ("1 for 2 rows", [0, 1], [1]),
                                    ("answered twice", [3, 3], [0, 1]), ("1.0, expected", [0], np.ones(1))):
            with self.assertRaises(paydirt.UsageError) as caught:
                loop.answer(rows, labels)
            self.assertIn(words, str(caught.exception))
        loop.query()
        for words, more in (("begun with gold", {"strategy": "random"}), ("begun with 1", {"epochs": 2})):
            with self.assertRaises(paydirt.UsageError) as caught:
                learner(self.folder, **more)
            self.assertIn(words, str(caught.exception))
        with self.assertRaisesRegex(paydirt.UsageError, "other images"):
            paydirt.ActiveLearner(POOL[:-1], folder=self.folder, **HOW)
        with self.assertRaisesRegex(paydirt.UsageError, "did you mean 'entropy'"):
            learner(self.folder + "2", strategy="entropi").query()


class Choices(unittest.TestCase):
    """What a loop asks for is what `select` chooses from arrays of the same networks."""

    FEATURES = ("coreset", "badge", "typiclust", "probcover", "clue")

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = scratch.name

    def loop_after_one_answer(self, strategy, **more):
        loop = learner(os.path.join(self.scratch, strategy), strategy=strategy, **more)
        known = loop.query()
        loop.answer(known, [None, *CLASSES[known[1:]]])  # the first shows none of them
        known = np.sort(np.r_[known, (left := loop.query())])
        loop.answer(left, CLASSES[left])
        rows = loop.query()
        return rows, loop.gan, np.setdiff1d(np.arange(N), known), known

    def test_by_features(self):
        for strategy in self.FEATURES:
            with self.subTest(strategy):
                rows, gan, free, known = self.loop_after_one_answer(strategy)
                self.assertEqual((len(rows), len(known)), (4, 7))
                order = np.r_[free, known]
                expected = paydirt.select(
                    features=gan.features(POOL[order]), class_logits=gan.score(POOL[order]).class_logits, judge=False,
                    labelled=np.arange(len(free), N), strategy=strategy, k=4, seed=2001, clusters=2 * (strategy == "probcover"))
                np.testing.assert_array_equal(rows, order[expected])

    def test_coreset_counts_what_is_labelled(self):
        """The loop of the paper, in NumPy."""
        rows, gan, free, centres = self.loop_after_one_answer("coreset")
        f = gan.features(POOL).astype(np.float64)
        for row in rows:
            self.assertIn(row, free)
            nearest = ((f[:, None] - f[centres]) ** 2).sum(-1).min(1)
            self.assertEqual(row, nearest.argmax())
            centres = np.r_[centres, row]

    def test_bald(self):
        how = dict(model="acgan", passes=6)
        rows, gan, free, _ = self.loop_after_one_answer("bald", **how)
        logits = gan.passes(POOL[free], 6, seed=2001)
        self.assertGreater(logits.std(0).min(), 0)  # all of them differ
        np.testing.assert_array_equal(logits, gan.passes(POOL[free], 6, seed=2001))
        self.assertTrue((logits != gan.passes(POOL[free], 6, seed=2002)).any(-1).all())
        p = np.exp(logits - logits.max(-1, keepdims=True)).astype(np.float64)
        p /= p.sum(-1, keepdims=True)
        entropy = lambda q: -(q * np.log(np.maximum(q, 1e-300))).sum(-1)  # noqa: E731
        disagreement = entropy(p.mean(0)) - entropy(p).mean(0)
        np.testing.assert_array_equal(rows, free[paydirt.select(passes=logits, strategy="bald", k=4, seed=2001)])
        np.testing.assert_allclose(np.sort(disagreement[np.searchsorted(free, rows)]), np.sort(disagreement)[-4:], atol=1e-6)

    def test_the_first_by_a_gan_without_labels(self):
        folder = os.path.join(self.scratch, "first")
        rows = learner(folder, first="typiclust").query()
        gan = paydirt.load(next(pathlib.Path(folder).glob("*/start-1/unlabelled")))
        f = gan.features(POOL)
        np.testing.assert_array_equal(rows, paydirt.select(features=f, strategy="typiclust", k=6, seed=2000))
        loop = learner(folder, first="typiclust")  # a restarted kernel
        np.testing.assert_array_equal(rows, loop.query())
        loop.answer(rows[:2], [None, None])
        left = loop.query()
        order = np.r_[np.setdiff1d(np.arange(N), rows), np.sort(rows)]
        more = paydirt.select(features=gan.features(POOL[order]), labelled=np.arange(N - 6, N), strategy="typiclust", k=2, seed=2000)
        np.testing.assert_array_equal(left, np.r_[rows[2:], order[more]])
        loop.answer(left, CLASSES[left])
        self.assertEqual(len(loop.query()), 4)
        self.assertTrue((np.bincount(CLASSES[left], minlength=2) > 0).all())  # both, though nobody knew them

    def test_what_it_refuses(self):
        for words, more in (("model 'infogan' has no dropout", {"strategy": "bald"}),
                            ("'entropy'|most-entropy", {"first": "entropy"}),
                            ("diverse", {"strategy": "coreset", "diverse": "k-center"}),
                            ("did you mean 'clusters'", {"cluster": 3}), ("^budget 999: .*budget=", {"budget": 999}),
                            ("did you mean 'coreset'", {"strategy": "core-set"})):
            with self.assertRaisesRegex(paydirt.UsageError, words):
                learner(os.path.join(self.scratch, "refused"), **more).query()


class Metrics(unittest.TestCase):
    A, B = RNG.normal(size=(400, 5)), RNG.normal(size=(300, 5)) * 1.5 + 0.5

    def test_frechet(self):
        a, b = np.cov(self.A.T), np.cov(self.B.T)
        root = np.sqrt(np.linalg.eigvals(a @ b).real.clip(0)).sum()
        expected = ((self.A.mean(0) - self.B.mean(0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * root
        got = paydirt.metrics.frechet(self.A, self.B)
        self.assertAlmostEqual(got, expected, 4)
        self.assertEqual(got.name, "frechet")

    def test_kid(self):
        got = paydirt.metrics.kid(self.A[:300], self.B, subsets=1, subset_size=300)
        x, y = self.A[:300], self.B
        kernel = lambda p, q: (p @ q.T / 5 + 1) ** 3  # noqa: E731
        n = 300
        expected = ((kernel(x, x).sum() - np.trace(kernel(x, x)) + kernel(y, y).sum() - np.trace(kernel(y, y))) / (n * (n - 1))
                    - 2 * kernel(x, y).mean())
        self.assertAlmostEqual(got / expected, 1, 5)

    def test_precision_and_recall(self):
        def part(of, balls, k):
            d = np.linalg.norm(balls[:, None] - balls, axis=-1)
            r = np.sort(d, 1)[:, k]
            return (np.linalg.norm(of[:, None] - balls, axis=-1) <= r).any(1).mean()
        got = paydirt.metrics.pr(self.A, self.B)
        self.assertAlmostEqual(got, part(self.B, self.A, 3))
        self.assertAlmostEqual(got.numbers["recall"], part(self.A, self.B, 3))
        self.assertLess({"density", "coverage"}, set(paydirt.metrics.dc(self.A, self.B).numbers))

    def test_prd(self):
        got = paydirt.metrics.prd(self.A, self.B, seed=1)
        precision, recall = got.curve
        self.assertEqual((precision.shape, recall.shape), ((1001,), (1001,)))
        self.assertTrue(0 < got < 1 and precision.max() <= 1)

    def test_of_labelled_images(self):
        real = np.kron(POOL, np.ones((1, 2, 2), np.uint8))  # LeNet wants 16 pixels
        made, y = np.repeat(real, 2, 0), np.repeat(CLASSES, 2)
        got = paydirt.metrics.fitting_capacity(made, y, real, CLASSES, epochs=2, threads=1)
        self.assertGreater(got, 0.9)
        names = np.array(["c%d" % i for i in range(CLASSES.max() + 1)])
        last = y == CLASSES.max()  # of the names there is one, and it is not the first
        got = paydirt.metrics.fitting_capacity(made[last], names[y[last]], real, names[CLASSES], epochs=2, threads=1)
        self.assertAlmostEqual(got, (CLASSES == CLASSES.max()).mean())
        with self.assertWarnsRegex(UserWarning, "names in one set and numbers in another"):
            paydirt.metrics.fitting_capacity(made, names[y], real, CLASSES, epochs=1, threads=1)

    def test_columns_of_frames(self):
        try:
            import pandas as pd
        except ImportError:
            self.skipTest("no pandas")
        a = pd.DataFrame(self.A, columns=list("pqrst"))
        self.assertEqual(paydirt.metrics.frechet(a, self.B), paydirt.metrics.frechet(self.A, self.B))
        with self.assertRaisesRegex(paydirt.UsageError, "fake: the columns of real in another order"):
            paydirt.metrics.frechet(a, a[["q", "p", "r", "s", "t"]])
        with self.assertWarnsRegex(UserWarning, "real: the first column, 'Unnamed: 0', has row numbers and is left out"):
            got = paydirt.metrics.frechet(a.reset_index().rename(columns={"index": "Unnamed: 0"}), self.B)
        self.assertEqual(got, paydirt.metrics.frechet(self.A, self.B))
        points, labels = pd.DataFrame(self.A[:, :2], columns=["x", "y"]), pd.Series(np.arange(len(self.A)) % 2)
        for more, said in (((points, labels[::-1], points, labels), "labels: another index than fake has"),
                           ((points, labels, points[["y", "x"]], labels), "real: the columns of fake in another order")):
            with self.assertRaisesRegex(paydirt.UsageError, said):
                paydirt.metrics.fitting_capacity(*more, epochs=1)

    def test_labels_of_several_sets(self):
        made = np.kron(POOL, np.ones((1, 2, 2), np.uint8))
        k = np.arange(N) % 3

        def capacity(a, b):
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                return (float(paydirt.metrics.fitting_capacity(made, a, made, b, epochs=1, threads=1)),
                        [str(s.message) for s in said])
        words, other, values = np.array(["cat", "dog", "fox"])[k], np.array(["ant", "cat", "fox"])[k], np.array([1, 5, 9])[k]
        for a, b in ((words, other), (k, k + 1), (values.astype(str), k)):
            with self.assertRaisesRegex(paydirt.UsageError, "other classes in each set .fake: none of "):
                capacity(a, b)
        expected = capacity(k, k)
        self.assertEqual(expected[1], [])
        for a, b in ((words, words), (values.astype(str), values), (values, values.astype(str))):
            value, said = capacity(a, b)
            self.assertEqual((value, [s for s in said if "names" in s]), (expected[0], []))
        self.assertIn("fake: no image of class 'fox', which another set has",
                      capacity(np.where(k == 2, "cat", words), words)[1])

    def test_what_they_refuse(self):
        bad = self.A.copy()
        bad[17, 2] = np.inf
        for words, call in (("17", lambda: paydirt.metrics.frechet(bad, self.B)),
                            ("features", lambda: paydirt.metrics.frechet(self.A, self.B[:, :4])),
                            ("float32 hardly tells apart", lambda: paydirt.metrics.frechet(1e9 + self.A, 1e9 + self.B)),
                            ("seed: -1", lambda: paydirt.metrics.kid(self.A, self.B, seed=-1)),
                            ("k: 3.0", lambda: paydirt.metrics.pr(self.A, self.B, k=3.0)),
                            ("k: 0, expected 1 to", lambda: paydirt.metrics.pr(self.A, self.B, k=0)),
                            ("weights= is missing", lambda: paydirt.metrics.fid(POOL, POOL, weights=None)),
                            ("images and weights=", lambda: paydirt.metrics.kid(POOL, POOL)),
                            ("weights= is for images", lambda: paydirt.metrics.kid(self.A, self.B, weights="w")),
                            ("nothing.safetensors", lambda: paydirt.metrics.fid(POOL, POOL, weights="nothing.safetensors"))):
            with self.assertRaises(paydirt.Error) as caught:
                call()
            self.assertIn(words, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
