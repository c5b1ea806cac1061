"""Training, sampling, scoring and files from Python; what is understood of images and labels, and what is refused."""
import contextlib
import copy
import os
import pathlib
import pickle
import signal
import tempfile
import unittest
import warnings

import numpy as np

import paydirt
from paydirt._images import understand

RNG = np.random.default_rng(5)
N = 240
LABELS = np.arange(N) % 3
IMAGES = RNG.integers(0, 40, (N, 16, 16), dtype=np.uint8)  # class k has a bar in row 5 k
for i, k in enumerate(LABELS):
    IMAGES[i, 5 * k:5 * k + 4] += 200
POINTS = (RNG.normal(size=(N, 2)) / 4 + np.array([[-2, 0], [2, 0], [0, 2]])[LABELS]).astype("f4")
QUICK = dict(threads=1, min_epoch=N, batch=48, width=0.05)


def quick(data=POINTS, labels=LABELS, **more):
    return paydirt.train(data, labels, **{**QUICK, "epochs": 2, "progress": False, **more})


def silently(function, *args, **kwargs):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        return function(*args, **kwargs), [str(s.message) for s in said]


class Trains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        known = np.where(np.arange(N) < N // 2, LABELS, -1)
        cls.gan = quick(IMAGES, known, size=16, epochs=6, classes=["low", "middle", "high"], gold=True, width=0.1)

    def test_what_it_is(self):
        self.assertEqual((self.gan.classes, self.gan.shape, self.gan.interrupted), (3, (1, 16, 16), False))
        self.assertEqual(self.gan.class_names, ["low", "middle", "high"])
        self.assertEqual([e.epoch for e in self.gan.history], [1, 2, 3, 4, 5, 6])
        self.assertIn("3 classes, images of 1 x 16 x 16", repr(self.gan))
        self.assertEqual(self.gan.notes, [])
        self.assertIn("images of 16 x 16 are scaled to 8 x 8 (size=)", quick(IMAGES, LABELS, size=8, epochs=1).notes)

    def test_samples(self):
        x = self.gan.sample(classes=[2] * 5, seed=1)
        self.assertEqual((x.shape, x.dtype), ((5, 16, 16, 1), np.uint8))
        y = self.gan.sample(classes=["high"] * 5, seed=1, dtype="float32", channels_first=True)
        np.testing.assert_array_equal(np.rint((y[:, 0] + 1) * np.float32(127.5)), x[..., 0])
        self.assertFalse((self.gan.sample(classes=[2] * 5, seed=2) == x).all())
        np.testing.assert_array_equal(self.gan.sample(per_class=5, seed=1)[-5:], x)
        z = RNG.normal(size=(4, self.gan.z_dim))
        np.testing.assert_array_equal(self.gan.sample([0, 1, 2, 0], z=z)[:2], self.gan.sample([0, 1], z=z[:2]))

    def test_scores(self):
        s = self.gan.score(IMAGES, LABELS)
        self.assertGreater((s.predicted == LABELS).mean(), 0.8)
        np.testing.assert_allclose(np.exp(s.log_p).sum(1), 1)
        np.testing.assert_allclose(s.gold, s.logit - s.log_p[np.arange(N), LABELS], rtol=1e-6)
        np.testing.assert_allclose(self.gan.score(IMAGES).gold, s.logit + s.entropy, rtol=1e-6)
        np.testing.assert_array_equal(self.gan.score(np.repeat(IMAGES[:, None], 3, 1)).logit, s.logit)  # grey, as colours
        rows = paydirt.select(s.logit, s.class_logits, strategy="gold", k=5)
        np.testing.assert_array_equal(rows, np.argsort(-(s.logit + s.entropy))[:5])
        for same in (IMAGES[:, None], IMAGES[..., None], IMAGES / 255.0, IMAGES / 127.5 - 1):
            np.testing.assert_allclose(self.gan.score(same).logit, s.logit, atol=1e-4)
        made = self.gan.sample(per_class=3)
        fake = self.gan.score(made, np.repeat(np.arange(3), 3), origin="fake")
        np.testing.assert_allclose(fake.gold, fake.logit + fake.log_p[np.arange(9), np.repeat(np.arange(3), 3)], rtol=1e-6)
        self.assertEqual(self.gan.features(IMAGES).shape[0], N)

    def test_kept_samples(self):
        kept = self.gan.sample_kept(4, reject="obrs", keep=0.5, burn_in=500)
        self.assertEqual(kept.images.shape, (12, 16, 16, 1))
        np.testing.assert_array_equal(kept.labels, np.repeat([0, 1, 2], 4))
        self.assertTrue((kept.tried >= 4).all())

    def test_saved_and_loaded(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("run", "networks.safetensors"):
                self.gan.save(os.path.join(folder, name))
                again = paydirt.load(pathlib.Path(folder, name), threads=1)
                np.testing.assert_array_equal(again.sample([0, 1, 2], seed=9), self.gan.sample([0, 1, 2], seed=9))
                np.testing.assert_array_equal(again.score(IMAGES).logit, self.gan.score(IMAGES).logit)
                self.assertEqual(again.class_names, self.gan.class_names)

    def test_paths(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in (os.fsencode(folder) + b"/x", os.path.join(folder, "\udc80"), pathlib.Path(folder, "y")):
                self.gan.save(name)
                self.assertEqual(paydirt.load(name).classes, 3)
            self.assertIn(b"\x80", os.listdir(os.fsencode(folder)))
            for name in ("x\0y", "\ud800", 3, None):
                with self.assertRaisesRegex(paydirt.UsageError, "path: "):
                    paydirt.load(name)
            self.addCleanup(os.chdir, os.getcwd())
            os.chdir(folder)
            self.assertTrue(os.path.isabs(quick(IMAGES, LABELS, size=8, out="runs", epochs=1).folder))

    def test_pickled_and_copied(self):
        for again in (pickle.loads(pickle.dumps(self.gan)), copy.deepcopy(self.gan)):
            np.testing.assert_array_equal(again.sample([0, 1]), self.gan.sample([0, 1]))
            self.assertEqual((len(again.history), again.class_names), (6, self.gan.class_names))

    def test_what_it_refuses(self):
        for words, call in (("-1 to 3, expected 0 to 2", lambda: self.gan.sample([-1, 3])),
                            ("expected a class for each", lambda: self.gan.sample(3)),
                            ("'hihg' is none of the classes", lambda: self.gan.sample(["hihg"])),
                            ("per_class: 2.5", lambda: self.gan.sample(per_class=2.5)),
                            ("p: 'x', expected a number", lambda: self.gan.sample_kept(1, p="x")),
                            ("reject: 3", lambda: self.gan.sample_kept(1, reject=3)),
                            ("z: shape (2, 3)", lambda: self.gan.sample([0, 1], z=np.zeros((2, 3)))),
                            ("seed: 1.5", lambda: self.gan.sample([0], seed=1.5)),
                            ("shape (2, 2), expected one dimension", lambda: self.gan.sample([[0, 1], [1, 2]])),
                            ("dtype: float64", lambda: self.gan.sample([0], dtype="f8")),
                            ("channels", lambda: self.gan.score(IMAGES[:3, None] // 2 + np.arange(3, dtype="u1")[:, None, None])),
                            ("did you mean 'gold'?", lambda: self.gan.sample_kept(3, reject="golf")),
                            ("expected 'real' or 'fake'", lambda: self.gan.score(IMAGES, origin="reel"))):
            with self.assertRaises(paydirt.Error) as caught:
                call()
            self.assertIn(words, str(caught.exception))

    def test_points_and_the_same_bits(self):
        a, b = quick(), quick()
        self.assertEqual(a.shape, (2,))
        np.testing.assert_array_equal(a.sample([0, 1, 2]), b.sample([0, 1, 2]))

    def test_options_are_the_librarys(self):
        for words, more in (("did you mean 'batch'", {"bacth": 9}), ("did you mean 'infogan'", {"model": "infogn"}),
                            ("epochs", {"epochs": 0})):
            with self.assertRaises(paydirt.UsageError) as caught:
                quick(**more)
            self.assertIn(words, str(caught.exception))
        names = [o.name for o in paydirt.options()]
        self.assertIn("labels_per_batch", names)
        self.assertNotIn("labels", names)


class Stops(unittest.TestCase):
    def test_ctrl_c_keeps_the_networks(self):
        gan, said = silently(quick, callbacks=[lambda e: os.kill(os.getpid(), signal.SIGINT)], epochs=50)
        self.assertTrue(gan.interrupted)
        self.assertLess(len(gan.history), 4)
        self.assertIn("stopped by Ctrl-C with", said[0])
        self.assertEqual(gan.sample([0]).shape, (1, 2))

    def test_a_callback_stops(self):
        _, said = silently(quick, callbacks=[lambda e: "a line of a log"], epochs=3)
        self.assertTrue([w for w in said if "a function returns str, neither True" in w], said)
        gan = quick(callbacks=[lambda e: e.epoch == 2], epochs=50)
        self.assertEqual((gan.interrupted, len(gan.history)), (True, 2))

    def test_a_callback_fails(self):
        def fails(epoch):
            raise RuntimeError("mine")
        with self.assertRaisesRegex(RuntimeError, "mine") as caught:
            quick(callbacks=[fails], epochs=50)
        self.assertEqual(caught.exception.gan.classes, 3)
        for callbacks in ([3], print):
            with self.assertRaisesRegex(paydirt.UsageError, "functions of an Epoch"):
                quick(callbacks=callbacks)

    def test_a_run_scores_by_recalibrated_statistics(self):
        keep = dict(size=8, epochs=2, grid_every=0, model="infogan")
        here = quick(IMAGES, LABELS, **keep)
        made = here.sample(per_class=3)
        with tempfile.TemporaryDirectory() as folder:
            run = quick(IMAGES, LABELS, out=folder, **keep)
            for gan in (run, paydirt.load(run.folder)):
                np.testing.assert_array_equal(gan.score(IMAGES).logit, here.score(IMAGES).logit)
                np.testing.assert_array_equal(gan.score(made, np.repeat([0, 1, 2], 3), origin="fake").logit,
                                              here.score(made, np.repeat([0, 1, 2], 3), origin="fake").logit)
            pathlib.Path(run.folder, "statistics.safetensors").unlink()
            next(pathlib.Path(folder).glob("data-*.npz")).unlink()
            copied = paydirt.load(run.folder)
            copied.sample([0])
            with self.assertWarnsRegex(UserWarning, "running statistics"):
                copied.score(IMAGES)
            copied = paydirt.load(run.folder)
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                np.testing.assert_array_equal(copied.score(made, np.repeat([0, 1, 2], 3), origin="fake").logit,
                                              here.score(made, np.repeat([0, 1, 2], 3), origin="fake").logit)
            plain = quick(IMAGES, LABELS, recalibrate=False, **keep)
        self.assertGreater(np.abs(plain.score(IMAGES).logit - here.score(IMAGES).logit).max(), 0.01)
        self.assertGreater(np.abs(plain.score(made, np.repeat([0, 1, 2], 3), origin="fake").logit -
                                  here.score(made, np.repeat([0, 1, 2], 3), origin="fake").logit).max(), 0.001)

    def test_a_run_in_a_folder_goes_on(self):
        with tempfile.TemporaryDirectory() as folder:
            whole = quick(IMAGES, LABELS, size=8, out=os.path.join(folder, "a"), epochs=3, grid_every=0, classes=["x", "y", "z"])
            half, said = silently(quick, IMAGES, LABELS, size=8, out=os.path.join(folder, "b"), epochs=3, grid_every=0,
                                  classes=["x", "y", "z"], callbacks=[lambda e: os.kill(os.getpid(), signal.SIGINT)])
            self.assertTrue(half.interrupted)
            self.assertIn("paydirt.resume(", said[0])
            gone_on = paydirt.resume(half.folder, progress=False)
            np.testing.assert_array_equal(gone_on.sample([0, 1, 2]), whole.sample([0, 1, 2]))
            self.assertEqual(paydirt.load(whole.folder).class_names, ["x", "y", "z"])

    def forked(self, function):
        """What a child of this process says of it."""
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            try:
                os.write(writes, str(function()).encode())
            except Exception as e:
                os.write(writes, str(e).encode())
            finally:
                os._exit(0)
        os.close(writes)
        with os.fdopen(reads, "rb") as pipe:
            words = pipe.read().decode()
        os.waitpid(child, 0)
        return words

    def test_a_forked_process_works_on_one_thread(self):
        gan = quick(threads=2)
        self.assertIn("forked", self.forked(lambda: gan.sample([0])))
        self.assertIn("forked", self.forked(lambda: paydirt.resume("anything")))
        self.assertEqual(self.forked(lambda: quick(threads=2).sample([0]).shape), "(1, 2)")
        with tempfile.TemporaryDirectory() as folder:
            gan.save(folder)
            self.assertEqual(self.forked(lambda: paydirt.load(folder, threads=2).sample([0]).shape), "(1, 2)")


class Image:
    """Stands for `datasets.Image`."""


class ClassLabel:
    names = ["cat", "dog", "eel"]


class HuggingFace:
    """What a `datasets.Dataset` looks like from here."""

    features = {"image": Image(), "label": ClassLabel()}
    column_names = ["image", "label"]

    def with_format(self, _):
        return self

    def __getitem__(self, i):
        return LABELS.tolist() if i == "label" else {"image": IMAGES[i], "label": int(LABELS[i])}

    def __len__(self):
        return N


class TorchVision:
    classes = ["cat", "dog", "eel"]

    def __getitem__(self, i):
        return IMAGES[i], int(LABELS[i])

    def __len__(self):
        return N


class Understands(unittest.TestCase):
    def test_images(self):
        colour = np.stack([IMAGES, IMAGES, 255 - IMAGES], 1)
        for given, expected in ((IMAGES, IMAGES[:, None]), (np.moveaxis(colour, 1, 3), colour), (colour, colour),
                                (np.asfortranarray(colour), colour), (IMAGES / 255.0, IMAGES[:, None]),
                                (IMAGES.astype("f4"), IMAGES[:, None]), (IMAGES.astype("u2") * 257, IMAGES[:, None]),
                                ((IMAGES / 127.5 - 1).astype("f2") * 1.0, None), (list(IMAGES), IMAGES[:, None])):
            got = understand(given, LABELS).pixels
            self.assertEqual((got.dtype, got.shape[1] in (1, 3)), (np.uint8, True))
            if expected is not None:
                np.testing.assert_array_equal(got, expected)
        self.assertIn("0 is black, 1 is white", understand(IMAGES / 255.0, LABELS).notes[0])
        self.assertEqual(understand(IMAGES > 100, LABELS).pixels.max(), 255)

    def test_data_sets(self):
        for data in (HuggingFace(), TorchVision()):
            got = understand(data)
            np.testing.assert_array_equal(got.pixels[:, 0], IMAGES)
            np.testing.assert_array_equal(got.labels, LABELS)
            self.assertEqual(got.names, ["cat", "dog", "eel"])

    def test_sets_that_the_library_reads(self):
        data = paydirt.open_data("strokes", count=30)
        self.assertEqual((data.images.shape, data.images.dtype, data.class_names), ((30, 32, 32, 1), np.uint8, list("0123456789")))
        np.testing.assert_array_equal(understand(data.images, data.labels).pixels[:, 0], data.images[..., 0])
        self.assertEqual(paydirt.open_data("synthetic", count=50).images.shape, (50, 2))
        with tempfile.TemporaryDirectory() as folder:
            np.savez(os.path.join(folder, "x.npz"), images=IMAGES, labels=LABELS)
            data = paydirt.open_data(os.path.join(folder, "x.npz"), classes=["a", "b", "c"])
            np.testing.assert_array_equal(data.images[..., 0], IMAGES)
            np.testing.assert_array_equal(data.labels, LABELS)
            self.assertEqual(data.class_names, ["a", "b", "c"])
            gan = quick(data, None, size=16, epochs=1)
            other = data._replace(labels=2 - data.labels, class_names=["c", "b", "a"])
            for same in (data, other):
                np.testing.assert_array_equal(gan.score(same).gold, gan.score(IMAGES, LABELS).gold)
        with self.assertRaisesRegex(paydirt.UsageError, "did you mean 'strokes'"):
            paydirt.open_data("stroks")

    def test_pairs_and_dicts(self):
        got = understand(list(zip(IMAGES, LABELS)))
        np.testing.assert_array_equal(got.pixels[:, 0], IMAGES)
        np.testing.assert_array_equal(got.labels, LABELS)
        np.testing.assert_array_equal(understand(list(zip(IMAGES, np.eye(3)[LABELS]))).labels, LABELS)
        with self.assertRaisesRegex(paydirt.UsageError, "a dict .image, label., expected an array"):
            paydirt.train({"image": IMAGES, "label": LABELS})
        with self.assertRaisesRegex(paydirt.UsageError, "labels: rows of different lengths"):
            understand(IMAGES[:2], [[0], [0, 1]])

    def test_labels(self):
        words = np.array(["b", "a", "c"], object)[LABELS]
        words[0] = None
        got = understand(IMAGES, words)
        self.assertEqual((got.names, list(got.labels[:4])), (["a", "b", "c"], [-1, 0, 2, 1]))
        for same in (LABELS.astype("u1"), LABELS.astype(float), np.eye(3)[LABELS], LABELS[:, None], LABELS.tolist()):
            np.testing.assert_array_equal(understand(IMAGES, same).labels, LABELS)
        self.assertEqual(understand(IMAGES, None, 4).classes, 4)
        got = understand(IMAGES[:3], ["a", float("nan"), "b"])
        self.assertEqual((got.names, list(got.labels)), (["a", "b"], [0, -1, 1]))
        self.assertEqual(understand(IMAGES[:4], ["1.0", "10.0", "2.0", "-1"]).names, ["-1", "1.0", "2.0", "10.0"])
        many = np.arange(N) % 12
        numbers = many.astype(object)
        numbers[0] = None
        for same, names in ((numbers, None), (many.astype(str), [str(k) for k in range(12)])):
            got = understand(IMAGES, same)
            self.assertEqual((got.names, got.classes, list(got.labels[1:12])), (names, 12, list(range(1, 12))))
        self.assertEqual(understand(IMAGES, numbers).labels[0], -1)
        said = silently(understand, IMAGES, np.where(LABELS == 2, 255, LABELS))[1]
        self.assertIn("3 different ones from 0 to 255", said[0])
        said = silently(understand, IMAGES, LABELS + 1)[1]
        self.assertIn("labels begin at 1", said[0])

    def test_classes(self):
        """Their numbers, whatever they are given in."""
        words = np.array(["cat", "dog", "fox"])[LABELS]
        for classes in ({"dog": 1, "cat": 0, "fox": 2}, {2: "fox", 0: "cat", 1: "dog"}, {"0": "cat", "1": "dog", "2": "fox"},
                        dict.fromkeys(["cat", "dog", "fox"]).keys(), np.array(["cat", "dog", "fox"]), [b"cat", b"dog", b"fox"]):
            for labels in (LABELS, words, words.astype("S3"), LABELS.astype(object)):
                got = understand(IMAGES, labels, classes)
                self.assertEqual((got.names, list(got.labels[:3])), (["cat", "dog", "fox"], [0, 1, 2]))
        values = np.array([1, 5, 9])[LABELS]
        for labels in (values, values.astype(object), values.astype(float), values.astype(str)):
            got = silently(understand, IMAGES, labels, [9, 1, 5])[0]
            self.assertEqual((got.names, list(got.labels[:3])), (["9", "1", "5"], [1, 2, 0]))
        self.assertEqual(list(silently(understand, IMAGES, LABELS, [2, 1, 0])[0].labels[:3]), [2, 1, 0])
        for said, labels, classes in (
                ("a set, whose order is none", words, {"cat", "dog", "fox"}), ("a set", words, frozenset(words)),
                ("expected names by number", LABELS, {1: "cat", 2: "dog", 3: "fox"}),
                ("expected names by number", LABELS, {0: "cat", 1: "dog", 1.5: "fox"}), ("classes: 3.0", LABELS, 3.0),
                ("row 0: 0 is none of the classes (1, 5, 9)", LABELS, [1, 5, 9]),
                ("expected UTF-8 without NUL", LABELS, ["a\0", "b", "c"]), ("expected UTF-8", LABELS, ["\udc80", "b", "c"]),
                ("-1 stands for no label", LABELS, [-1, 1]),
                ("classes: 5, but labels have 3 names", words, 5), ("both called 'cat'", LABELS, ["cat", "cat", "fox"])):
            with self.assertRaises(paydirt.UsageError) as caught:
                understand(IMAGES, labels, classes)
            self.assertIn(said, str(caught.exception))
        with self.assertRaisesRegex(paydirt.UsageError, "classes: 3, expected names in a list"):
            paydirt.train("strokes", classes=3)

    def test_classes_that_are_called_by_numbers(self):
        """Numbers are theirs, in and out."""
        values = LABELS + 1
        gan = quick(labels=values, classes=[1, 2, 3])
        s = gan.score(POINTS, values)
        np.testing.assert_array_equal(s.gold, gan.score(POINTS, values.astype(str)).gold)
        np.testing.assert_array_equal(s.gold, gan.score(POINTS, np.eye(3)[LABELS]).gold)
        for same in (s, pickle.loads(pickle.dumps(s)), s._replace(logit=s.logit)):
            np.testing.assert_array_equal(same.predicted, s.class_logits.argmax(1) + 1)
        np.testing.assert_array_equal(gan.sample([1, 2], seed=1), gan.sample(["1", "2"], seed=1))
        np.testing.assert_array_equal(gan.sample_kept(2, burn_in=20).labels, [1, 1, 2, 2, 3, 3])
        for call in (lambda: gan.sample([0]), lambda: gan.score(POINTS, LABELS)):
            with self.assertRaisesRegex(paydirt.UsageError, "row 0: 0 is none of the classes .1, 2, 3"):
                call()
        for labels in (LABELS, values):
            with self.assertRaisesRegex(paydirt.UsageError, "may be the classes' names .'1', .* or their places: expected names"):
                understand(IMAGES, labels, ["1", "2", "3"])
        self.assertEqual(gan.notes, [])
        others, _ = silently(quick, labels=np.array(["1", "2", "x"])[LABELS])
        self.assertTrue([n for n in others.notes if "the number 1 stands for class '2'" in n])
        s = quick(labels=LABELS).score(POINTS)
        np.testing.assert_array_equal(s.predicted, s.class_logits.argmax(1))

    def test_notes_of_a_set_come_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.npz")
            np.savez(path, images=IMAGES[:30], labels=LABELS[:30])
            notes = quick(path, None, classes=["1", "5", "9"], epochs=1).notes
        self.assertTrue(notes)
        self.assertEqual(len(notes), len(set(notes)))
        self.assertFalse([n for n in notes if "stands for class" in n])

    def test_open_data_of_classes_that_are_called_by_numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            np.savez(os.path.join(folder, "x.npz"), images=IMAGES[:30], labels=np.where(np.arange(30) < 27, LABELS[:30], -1))
            data = paydirt.open_data(os.path.join(folder, "x.npz"), classes=["1", "5", "9"])
        places = np.where(np.arange(30) < 27, LABELS[:30], -1)
        np.testing.assert_array_equal(data.labels, np.array([1, 5, 9, -1])[places])
        self.assertFalse([n for n in data.notes if "stands for class" in n])
        data = pickle.loads(pickle.dumps(data))
        known, floats = np.array(data.labels, object), data.labels.astype(float)
        known[27:], floats[27:] = None, np.nan
        alike = [data.labels, data.labels[:], data.labels[np.arange(30)], list(data.labels), data.labels.astype(float), floats,
                 known, list(known), data.labels[:, None], np.where(places < 0, "", data.labels.astype("U4"))]
        with contextlib.suppress(ImportError):
            import pandas as pd
            alike += [pd.Series(data.labels), pd.Series(floats), pd.Series(floats).astype("Int64"), pd.Series(data.labels[:27]).reindex(
                range(30)), pd.Series(known).astype("category")]
        for labels in alike:
            got = understand(data.images, labels, data.class_names)
            self.assertEqual((got.names, list(got.labels)), (["1", "5", "9"], list(places)))
        np.testing.assert_array_equal(understand(data).labels, places)
        with self.assertRaises(paydirt.UsageError) as raised:
            understand(data.images, data.labels, list(data.class_names))
        hint = str(raised.exception).partition("expected names (")[2].partition(" of places")[0]
        names = eval(hint, {"np": np, "classes": data.class_names, "labels": places})
        np.testing.assert_array_equal(understand(data.images, names, data.class_names).labels, places)
        gan = quick(data, None, size=16, epochs=1)
        x, y = data.images[:27], data.labels[:27]
        np.testing.assert_array_equal(gan.score(x, y).gold, gan.score(data).gold[:27])
        self.assertTrue(set(gan.score(x).predicted) <= {1, 5, 9})

    def test_numbers_of_a_data_set(self):
        names = np.array(["cat", "dog", "eel"])
        gan = quick(labels=names[LABELS])
        data = paydirt.Data(POINTS, 2 - LABELS, ["eel", "dog", "cat"], [])
        for labels in (None, data.labels):
            np.testing.assert_array_equal(gan.score(data, labels).gold, gan.score(POINTS, LABELS).gold)

        class Subset:  # torch.utils.data's
            def __init__(self, dataset, indices):
                self.dataset, self.indices = dataset, indices

            def __len__(self):
                return len(self.indices)

            def __getitem__(self, i):
                return self.dataset[self.indices[i]]

        got = understand(Subset(Subset(TorchVision(), range(9)), [2, 4]))
        self.assertEqual((got.names, list(got.labels)), (["cat", "dog", "eel"], [2, 1]))

    def test_doubtful_labels_are_said(self):
        words = np.array(["cat", "dog", "fox"])[LABELS]
        for expected, labels in (("'nan' is taken for a class", np.where(LABELS == 0, "nan", words)),
                                 ("'?' is taken for a class", np.where(LABELS == 0, "?", words)),
                                 ("'cat' and 'cat ' are two classes", np.where(LABELS == 1, "cat ", words)),
                                 ("'CAT' and 'cat' are two classes", np.where(LABELS == 1, "CAT", words)),
                                 ("(subtract 1?); 80 of -1 are taken as unlabelled", np.where(LABELS == 0, -1, 1))):
            self.assertIn(expected, " ".join(silently(understand, IMAGES, labels)[1]))
        self.assertEqual(silently(understand, IMAGES, words)[1], [])

    def test_labels_of_pandas(self):
        try:
            import pandas as pd
        except ImportError:
            self.skipTest("no pandas")
        words = np.array(["cat", "dog", "fox"])[LABELS]
        order = ["fox", "cat", "emu", "dog"]
        named = pd.Categorical([None, *words[1:]], categories=order)
        for labels in (named, pd.Series(named), pd.Index(named)):
            got = understand(IMAGES, labels)
            self.assertEqual((got.names, list(got.labels[:4])), (order, [-1, 3, 0, 1]))
            self.assertEqual(list(understand(IMAGES, labels, ["cat", "dog", "fox"]).labels[:4]), [-1, 1, 2, 0])
        columns = pd.get_dummies(words)
        got = understand(IMAGES, columns)
        self.assertEqual((got.names, list(got.labels[:3])), (["cat", "dog", "fox"], [0, 1, 2]))
        self.assertEqual(list(understand(IMAGES, columns, ["fox", "cat", "dog"]).labels[:3]), [1, 2, 0])
        self.assertEqual(list(understand(IMAGES, pd.get_dummies(LABELS), ["a", "b", "c"]).labels[:3]), [0, 1, 2])
        self.assertEqual(list(understand(IMAGES, pd.Series([None, *words[1:]], dtype="string")).labels[:3]), [-1, 1, 2])
        self.assertEqual(list(understand(IMAGES, pd.Series([None, *LABELS[1:]], dtype="Int64")).labels[:3]), [-1, 1, 2])
        np.testing.assert_array_equal(understand(IMAGES, pd.DataFrame(LABELS)).labels, LABELS)
        points, shuffled = pd.DataFrame(POINTS), pd.Series(LABELS)[::-1]
        for call in (quick, quick(labels=LABELS).score):
            with self.assertRaisesRegex(paydirt.UsageError, "labels: another index than images has"):
                call(points, shuffled)
        gan = quick(labels=words, classes=["fox", "cat", "dog"])
        expected = gan.score(POINTS, (LABELS + 1) % 3).gold
        for labels in (words, pd.Series(words), pd.Series(words).astype("category"), columns):
            np.testing.assert_array_equal(gan.score(POINTS, labels).gold, expected)
        with self.assertRaisesRegex(paydirt.UsageError, "classes: 4, but labels have 3 categories"):
            understand(IMAGES, pd.Series(words).astype("category"), 4)

    def test_what_cannot_be_right(self):
        x = IMAGES.astype("f4")
        bad = x.copy()
        bad[7, 3, 3] = np.nan
        for words, data, labels in (
                ("image 7 has a number that is not finite", bad, LABELS), ("values from", x / 100, LABELS),
                ("values from", x - 130, LABELS), ("shape (240, 16, 16, 4)", np.zeros((N, 16, 16, 4)), LABELS),
                ("shape (240, 3, 3)", IMAGES[:, :3, :3], LABELS), ("complex64", x * 1j, LABELS), ("shape (0, 16, 16)", x[:0], None),
                ("uint8 with 255: -1 (unknown) does not fit", IMAGES, np.where(LABELS == 2, 255, LABELS).astype("u1")),
                ("row 2 is -2", IMAGES, np.where(np.arange(N) == 2, -2, LABELS)),
                ("row 1 is nan", IMAGES, np.where(LABELS == 1, np.nan, 0.)),
                ("row 0 is 0.5", IMAGES, LABELS + 0.5), ("shape (239)", IMAGES, LABELS[1:]), ("one-hot", IMAGES, np.ones((N, 3))),
                ("classes= is needed", IMAGES, None), ("complex", IMAGES, LABELS * 1j)):
            with self.assertRaises(paydirt.UsageError) as caught:
                understand(data, labels)
            self.assertIn(words, str(caught.exception))
        with self.assertRaisesRegex(paydirt.UsageError, "as there are 2 classes"):
            understand(IMAGES, LABELS, 2)
        with self.assertRaisesRegex(paydirt.UsageError, "image 1 is of shape"):
            understand([np.zeros((9, 9)), np.zeros((9, 8))], [0, 1])
        with self.assertRaisesRegex(paydirt.UsageError, "image 1 is of float64, image 0 of uint8"):
            understand([np.zeros((9, 9), "u1"), np.zeros((9, 9))], [0, 1])
        with self.assertRaisesRegex(paydirt.UsageError, "values from -0.5 to 0.5"):
            understand(np.linspace(-0.5, 0.5, 2 * 81).reshape(2, 9, 9), [0, 1])

    def folder(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        return scratch.name

    def test_few_images_are_of_the_scale_of_all(self):
        signed = IMAGES / np.float32(127.5) - 1
        signed[3] = np.abs(signed[3])  # nothing below 0
        gan = quick(signed, out=self.folder())
        again = gan.save(self.folder())
        for same in (paydirt.load(again), paydirt.load(gan.folder), paydirt.resume(gan.folder, epochs=2, progress=False)):
            np.testing.assert_allclose(same.score(signed[3:4]).logit, gan.score(signed[3:4]).logit)
        np.testing.assert_allclose(gan.score(signed[3:4]).logit, gan.score(signed).logit[3:4], atol=1e-5)
        np.testing.assert_allclose(pickle.loads(pickle.dumps(gan)).score(signed[3:4]).logit, gan.score(signed[3:4]).logit)
        dark = IMAGES.copy()
        dark[5] = dark[5] > 100  # of 0 and 1
        for dark in (dark, dark.astype("f4")):
            gan = quick(dark)
            np.testing.assert_allclose(gan.score(dark[5:6]).logit, gan.score(dark).logit[5:6], atol=1e-5)
            np.testing.assert_allclose(gan.score(dark[4:6] / 255.0).logit, gan.score(dark).logit[4:6], atol=1e-5)
        np.testing.assert_array_equal(gan.score(dark[:3] // 4).logit, gan.score((dark[:3] // 4).astype("u1")).logit)

    def test_whole_numbers_are_of_the_scale_of_all(self):
        for all_of, few, kept in ((IMAGES.astype("u2") * 257, 3, "whole-sixteen"), (IMAGES.astype("i8"), 3, "whole-levels"),
                                  (IMAGES / np.float32(255), 3, "unit")):
            all_of[few] = all_of[few] // 900 if all_of.dtype.kind != "f" else all_of[few] / 300
            gan = quick(all_of, out=self.folder())
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                for same in (gan, paydirt.load(gan.save(self.folder())), pickle.loads(pickle.dumps(gan)), quick(all_of)):
                    np.testing.assert_allclose(same.score(all_of[few:few + 1]).logit, same.score(all_of).logit[few:few + 1],
                                               atol=1e-5)
            self.assertTrue(any("-%s.npz" % kept in name for name in os.listdir(os.path.dirname(gan.folder))))
        gan = quick(IMAGES.astype("i8"))
        with self.assertRaisesRegex(paydirt.UsageError, "to 3000, .*; the networks': 0 is black, 255 is white: scale"):
            gan.score(np.full((1, 8, 8), 3000))
        with self.assertWarnsRegex(UserWarning, "65535 is white .of what the networks learnt from, 0 is black, 255 is white"):
            gan.score(IMAGES.astype("u2") * 257)
        with self.assertWarnsRegex(UserWarning, "65535 is white, as it seems: the networks learnt from uint8"):
            quick(IMAGES).score(IMAGES.astype("u2") * 257)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            quick(IMAGES).score(IMAGES.astype("u2"))

    def test_many_images_outweigh_the_scale_of_all(self):
        signed = IMAGES / np.float32(127.5) - 1
        for all_of, other in ((IMAGES.astype("u2") * 257, IMAGES.astype("i8")), (signed, IMAGES / np.float32(255))):
            gan = quick(all_of)
            with self.assertWarnsRegex(UserWarning, "[15]* is white .of what the networks learnt from, .* is white"):
                got = gan.score(other)
            np.testing.assert_allclose(got.logit, gan.score(all_of).logit, atol=1e-5)
            with self.assertWarnsRegex(UserWarning, "is white, as of what the networks learnt from .of these values alone, 0 is black"):
                gan.score(other[:3])

    def test_pictures_are_read_as_a_folders_files(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no Pillow")
        deep = (np.arange(1024, dtype="u2") * 60).reshape(32, 32)
        colours = Image.fromarray((np.arange(3072) % 251).astype("u1").reshape(32, 32, 3))
        grey = Image.fromarray((np.arange(1024) % 251).astype("u1").reshape(32, 32))
        kinds = {"deep": (Image.fromarray(deep), {}), "clear": (Image.fromarray(deep), {"transparency": 600}),
                 "la": (Image.merge("LA", [grey, grey]), {}), "one": (grey.convert("1"), {"transparency": 0}),
                 "p": (colours.quantize(16), {"transparency": 3}), "l": (grey, {"transparency": 7})}
        for kind, (image, options) in kinds.items():
            folder = self.folder()
            try:
                for k in "ab":
                    os.mkdir(os.path.join(folder, k))
                    image.save(os.path.join(folder, k, "0.png"), **options)
            except OSError:
                self.assertEqual(kind, "clear")  # which older ones do not write
                continue
            with Image.open(os.path.join(folder, "a", "0.png")) as image:
                got = np.moveaxis(understand([image, image], [0, 1]).pixels[0], 0, 2)
            stored = paydirt.open_data(folder, size=32).images[0]
            np.testing.assert_array_equal(got + 0 * stored, stored + 0 * got, kind)
        with self.assertWarnsRegex(UserWarning, "65535 is white, and the largest here is 1023"):
            understand([Image.fromarray(deep // 60)] * 2, [0, 1])

    def test_pictures_are_copies_by_all_that_they_hold(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no Pillow")
        deep, four = np.arange(64, dtype="u2").reshape(8, 8) * 256, np.arange(256, dtype="u1").reshape(8, 8, 4)
        clear, other = four // 255, four // 255
        other[0, 0, 0] = 9  # under alpha 0
        for kind, a, b in (("I;16", deep, deep + 3), ("RGBA", clear, other), ("CMYK", four, four ^ [[[0, 0, 0, 1]]])):
            pictures = [Image.fromarray(x.astype(a.dtype), kind if kind == "CMYK" else None) for x in (a, b, a)]
            got = understand(pictures, [0, 1, -1]).given
            self.assertEqual((got.shape, list((got[0] == got).all(1))), ((3, 16), [True, False, True]), kind)
        solid = Image.fromarray(four | np.array([0, 0, 0, 255], "u1"))
        for pictures in ([solid, solid.convert("RGB")], [solid.convert("L"), solid.convert("1").convert("L")]):
            self.assertIsNone(understand(pictures, [0, 1]).given)
        self.assertEqual(len(understand([solid.convert("RGB"), Image.fromarray(clear)], [0, 1]).given), 2)

    def test_pictures_and_pairs_of_others(self):
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("no Pillow")
        clear = Image.fromarray(np.zeros((8, 8, 4), "u1"))
        turned = Image.fromarray(np.arange(64, dtype="u1").reshape(8, 8))
        with self.assertRaisesRegex(paydirt.UsageError, "image 1 is of shape .8, 8., .* grey and colour in one list"):
            understand([turned.convert("RGB"), turned], [0, 1])
        exif = turned.getexif()
        exif[0x0112] = 3  # upside down
        self.assertEqual(understand([clear, clear], [0, 1]).pixels.min(), 255)
        np.testing.assert_array_equal(understand([turned, turned], [0, 1]).pixels[0, 0], np.arange(64).reshape(8, 8)[::-1, ::-1])

        class Pairs:
            def __init__(self, labels):
                self.labels = labels

            def __len__(self):
                return len(self.labels)

            def __getitem__(self, i):
                return IMAGES[i], self.labels[i]

        with self.assertRaisesRegex(paydirt.UsageError, "row 0 is 0.5"):
            understand(Pairs([0.5, 1.0]))
        self.assertEqual(list(understand(Pairs(["b", None, "a"])).labels), [1, -1, 0])
        self.assertEqual(list(understand(Pairs(list(LABELS[:5]))).labels), list(LABELS[:5]))


if __name__ == "__main__":
    unittest.main()
