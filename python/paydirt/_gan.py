"""Networks: sampling, scoring, files."""
from __future__ import annotations

import json
import os
import pathlib
import tempfile
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import floats, pointer, shape_text, whole_numbers
from ._images import Images, arrays_of, fit_channels, pixels_of, to_dataset
from ._labels import as_called, by_value, called, labels_of
from ._library import Callbacks, UsageError, call, check, ffi, lib, new_error, one_of, openmp, path_text, real, tell, text, whole

_FILE = "networks.safetensors"  # in a folder of Gan.save
_ORIGINS = {"real": lib.PD_ORIGIN_REAL, "fake": lib.PD_ORIGIN_FAKE}


class Epoch(NamedTuple):
    """What an epoch of training came to: means over its steps."""

    epoch: int
    """From 1."""
    epochs: int
    step: int
    d_adv: float
    """Discriminator: real or fake."""
    d_cls_real: float
    """Discriminator: classes of real images that have a label."""
    d_cls_fake: float
    g_adv: float
    g_cls: float
    mean_d: float
    """GOLD's d of the generated images."""
    validation: float
    """On the images held out; NaN: not measured."""
    images_per_second: float


class _Scores(NamedTuple):
    """What the discriminator thinks of images; logarithms are natural."""

    logit: NDArray[np.float32]
    """(n): log D / (1 - D) of being real, GOLD's marginal term."""
    class_logits: NDArray[np.float32]
    """(n, classes)"""
    log_p: NDArray[np.float64]
    """(n, classes): of the class probabilities."""
    entropy: NDArray[np.float64]
    """(n): of these, in nats."""
    gold: NDArray[np.float64]
    """(n): GOLD's d; of the labels where they are known."""
    gold_balanced: NDArray[np.float64]
    """(n): with its two terms weighed by their standard deviations."""


class Scores(_Scores):
    """What the discriminator thinks of images; logarithms are natural. Columns are in the order of `Gan.class_names`."""

    _names: Sequence[str] = ()

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(n): the number of the likeliest class, as labels are given: its column, or, where all classes are called by other
        whole numbers, that by which it is called."""
        return as_called(self.class_logits.argmax(1), self._names)

    def _of(self, names: Sequence[str]) -> "Scores":
        self._names = names
        return self

    def _replace(self, **fields: Any) -> "Scores":
        return super()._replace(**fields)._of(self._names)


class Kept(NamedTuple):
    """Samples that rejection kept."""

    images: NDArray[Any]
    labels: NDArray[np.int32]
    """(n): numbers of classes, as of `Scores.predicted`."""
    logit: NDArray[np.float32]
    d: NDArray[np.float64]
    tried: NDArray[np.int64]
    """(classes): candidates of each."""


def _copy(kind: str, address: Any, shape: Tuple[int, ...], dtype: Any) -> NDArray[Any]:
    count = int(np.prod(shape))
    if count == 0:
        return np.zeros(shape, dtype)
    return np.frombuffer(ffi.buffer(ffi.cast(kind + " *", address), count * np.dtype(dtype).itemsize), dtype).reshape(shape).copy()


class Gan:
    """A class-conditional GAN: a generator, and a discriminator that says whether an image is real and which class it has.

    Made by `train` or `load`. One thread's at a time.

    Attributes
    ----------
    history : list of Epoch
        Of the training that made it; empty where it was loaded.
    notes : list of str
        How the data were understood.
    folder : str or None
        Of its run.
    interrupted : bool
        Whether Ctrl-C or a callback ended the training before its last epoch.
    """

    def __init__(self, handle: Any, folder: Optional[str] = None, owner: Any = None) -> None:
        """handle: a struct pd_gan, the object's from here on, or the owner's."""
        self._c = handle if owner is not None else ffi.gc(handle, lib.pd_gan_destroy)
        self._owner = owner
        self._process = os.getpid()
        self.history: List[Epoch] = []
        self.notes: List[str] = []
        self._scale = int(lib.pd_gan_pixel_scale(self._c))  # of the images that it was trained on
        self.folder = folder
        self.interrupted = False
        self._recalibrates = False  # as its run's options say
        self._told = False  # that it cannot

    def _alive(self) -> Any:
        if self._process != os.getpid():
            raise UsageError("networks of process %d in a process that was forked from it: save them there and load them here"
                             % self._process)
        return self._c

    def _ready(self, origin: str) -> int:
        """The discriminator scores generated images by statistics of their own where it is to (doc/gold.md)."""
        number = _origin(origin)
        wanted = self._recalibrates or lib.pd_gan_statistics(self._alive(), lib.PD_ORIGIN_REAL)
        if number == lib.PD_ORIGIN_FAKE and wanted and not lib.pd_gan_statistics(self._c, number):
            self._call(lib.pd_recalibrate, self._c, number, ffi.NULL)
        if self._recalibrates and not self._told and number == lib.PD_ORIGIN_REAL and lib.pd_gan_has_batch_norm(self._c) \
                and not lib.pd_gan_statistics(self._c, number):
            self._told = True
            tell("%s: real images are scored by running statistics, over real and generated ones (doc/gold.md): those of real ones "
                 "are not kept there, and the run's data cannot be opened; `paydirt score RUN --data DATA --split train` makes them"
                 % self.folder)
        return number

    @property
    def classes(self) -> int:
        """How many."""
        return int(lib.pd_gan_classes(self._c))

    @property
    def class_names(self) -> List[str]:
        """Their names, or their numbers."""
        name = ffi.new("char[]", 256)
        return [text(lib.pd_gan_class_name(self._c, k, name, 256)) for k in range(self.classes)]

    @property
    def z_dim(self) -> int:
        """Length of the noise."""
        return int(lib.pd_gan_z_dim(self._c))

    @property
    def shape(self) -> Tuple[int, ...]:
        """Of an image: (channels, side, side); of a point: (2,)."""
        channels, side = ffi.new("int *"), ffi.new("int *")
        lib.pd_gan_shape(self._c, channels, side)
        return (channels[0], side[0], side[0]) if side[0] else (2,)

    def __repr__(self) -> str:
        return "<paydirt.Gan of %d classes, %s>" % (
            self.classes, "2-D points" if len(self.shape) == 1 else "images of %d x %d x %d" % self.shape)

    # --- generator ---

    def sample(self, classes: Union[ArrayLike, None] = None, *, per_class: Optional[int] = None, z: Any = None, seed: int = 0,
               dtype: Any = "uint8", channels_first: bool = False) -> NDArray[Any]:
        """Generated images.

        Parameters
        ----------
        classes : array (n) of whole numbers, or of names
            The class of each; where all classes are called by whole numbers, by these.
        per_class : int
            In place of classes: so many of each, class by class.
        z : array (n, z_dim), optional
            Noise; else normal, fixed by the seed, the class and the number within the class, as of `paydirt sample`.
        seed : int
        dtype : "uint8" or "float32"
            0 to 255, or -1 to 1. Points are always float32.
        channels_first : bool
            (n, C, H, W), as PyTorch has them, in place of (n, H, W, C).

        Returns
        -------
        images : array (n, H, W, C), or points (n, 2)

        Examples
        --------
        >>> x = gan.sample(classes=[3] * 64, seed=1)
        """
        labels = self._labels(classes, per_class)
        n = len(labels)
        out = np.empty((n, *self.shape), np.float32)
        noise = None
        if z is not None:
            noise = floats(z, "z")
            if noise.shape != (n, self.z_dim):
                raise UsageError("z: shape %s, expected (%d, %d)" % (shape_text(noise), n, self.z_dim))
        self._call(lib.pd_generate, self._alive(), n, pointer("int32_t", labels), pointer("float", noise), _seed(seed),
                   pointer("float", out))
        return _present(out, dtype, channels_first)

    def _labels(self, classes: Any, per_class: Optional[int]) -> NDArray[np.int32]:
        if (classes is None) == (per_class is None):
            raise UsageError("expected one of classes (of each sample) and per_class (how many of each)")
        if per_class is not None:
            return np.repeat(np.arange(self.classes, dtype=np.int32), whole("per_class", per_class, 2**40))
        if isinstance(classes, (int, np.integer, str)):
            raise UsageError("classes: %r, expected a class for each sample, as [%r] * 64" % (classes, classes))
        a = np.asarray(classes) if isinstance(classes, (list, tuple)) else classes
        if getattr(a, "dtype", None) is not None and getattr(a.dtype, "kind", "") in "USO":
            return labels_of(a, len(a), self.class_names, [])[0]
        rows = whole_numbers(a, "classes")
        values = called(self.class_names)
        rows = rows if values is None else by_value(rows, values, "classes")
        if len(rows) and not (0 <= rows.min() and rows.max() < self.classes):
            raise UsageError("classes: %d to %d, expected 0 to %d" % (rows.min(), rows.max(), self.classes - 1))
        return rows.astype(np.int32)

    def sample_kept(self, per_class: int, *, reject: str = "gold", p: Optional[float] = None, keep: Optional[float] = None,
                    burn_in: int = 50000, seed: int = 0, dtype: Any = "uint8", channels_first: bool = False) -> Kept:
        """Samples that the discriminator lets through, as `paydirt sample --reject`.

        Parameters
        ----------
        per_class : int
            How many of each class are kept.
        reject : str
            "gold", "drs", "obrs" or "top-k" (doc/reject.md).
        p : float, optional
            Larger keeps fewer; 0.1, of images with three channels 0.5, where it is not given.
        keep : float, optional
            The part to keep, of methods that take it.
        burn_in : int
            Samples of each class that the method learns from first; as many as 50,000 take a while.

        Returns
        -------
        Kept
        """
        err = new_error()
        if not isinstance(reject, str):
            raise UsageError("reject: %r, expected a method's name" % (reject,))
        method = lib.pd_reject_method_find(reject.encode(), err)
        if method == ffi.NULL:
            check(err.status, err)
        if method.uses_real:
            raise UsageError("reject: %r learns from real images; that is `paydirt sample --reject %s`" % (reject, reject))
        o = ffi.new("struct pd_rejection_options *", lib.pd_rejection_defaults(method, self._alive()))
        o.per_class, o.burn_in, o.how.seed = whole("per_class", per_class, 2**40), whole("burn_in", burn_in, 2**40), _seed(seed)
        o.how.p = o.how.p if p is None else real("p", p)
        o.how.keep = o.how.keep if keep is None else real("keep", keep)
        self._ready("fake")
        callbacks = Callbacks()
        o.stop = callbacks.make("bool(void *)", lambda _: callbacks.is_stopped(), True)
        out = ffi.new("struct pd_rejection *")
        try:
            with openmp(0):
                callbacks.call(lib.pd_reject, self._c, o, out)
            n = out.kept.count
            images = _copy("float", out.kept.images, (n, *self.shape), np.float32)
            labels = as_called(_copy("int32_t", out.kept.labels, (n,), np.int32), self.class_names)
            return Kept(_present(images, dtype, channels_first), labels,
                        _copy("float", out.logit, (n,), np.float32), _copy("double", out.d, (n,), np.float64),
                        np.array([out.classes[k].tried for k in range(self.classes)], np.int64))
        finally:
            lib.pd_rejection_release(out)

    # --- discriminator ---

    def score(self, images: Any, labels: Any = None, *, origin: str = "real") -> Scores:
        """What the discriminator thinks of images, in evaluation mode.

        Parameters
        ----------
        images : array or data set
            As of `train`; other sizes are scaled to the networks'.
        labels : array (n), optional
            Numbers of classes (where all are called by whole numbers, these), or names; -1, None: unknown. A data set's own
            where nothing is given; numbers beside a data set that has names are the data set's.
        origin : "real" or "fake"
            Whose statistics the batch norm goes by (doc/gold.md).

        Returns
        -------
        Scores

        Examples
        --------
        >>> rows = paydirt.select(*gan.score(pool)[:2], strategy="gold", k=100)
        """
        dataset = self._dataset(images, labels)
        number = self._ready(origin)
        if number == lib.PD_ORIGIN_REAL:
            return self._score_data(dataset)
        x = self._input(dataset)
        n = len(x)
        logit, classes = np.empty(n, np.float32), np.empty((n, self.classes), np.float32)
        self._call(lib.pd_score, self._alive(), number, pointer("float", x), n, pointer("float", logit),
                   pointer("float", classes))
        log_p, entropy, k = np.empty((n, self.classes)), np.empty(n), np.empty(n)
        lib.pd_class_log_p(n, self.classes, pointer("float", classes), pointer("double", log_p))
        lib.pd_class_entropy(n, self.classes, pointer("float", classes), pointer("double", entropy))
        known = _copy("int32_t", lib.pd_dataset_labels(dataset), (n,), np.int32)
        if (known < 0).any():
            raise UsageError("labels: generated images have one each (row %d has none)" % np.flatnonzero(known < 0)[0])
        k = np.take_along_axis(log_p, known[:, None].astype(np.int64), 1)[:, 0]
        balance = lib.pd_gold_balance(n, pointer("float", logit), pointer("double", k))
        return Scores(logit, classes, log_p, entropy, logit + k, logit + balance * k)._of(self.class_names)

    def _score_data(self, dataset: Any) -> Scores:
        callbacks = Callbacks()
        watch = ffi.new("struct pd_data_watch *", {"decoding": callbacks.make(
            "bool(void *, const char *, uint64_t, uint64_t)", lambda *_: callbacks.is_stopped(), True)})
        out = ffi.new("struct pd_scores *")
        try:
            with openmp(0):
                callbacks.call(lib.pd_score_data, self._alive(), dataset, watch, out)
            n, k = out.n, out.classes
            scores = Scores(_copy("float", out.logit, (n,), np.float32), _copy("float", out.class_logits, (n, k), np.float32),
                            _copy("double", out.log_p, (n, k), np.float64), _copy("double", out.entropy, (n,), np.float64),
                            _copy("double", out.gold, (n,), np.float64), _copy("double", out.gold_balanced, (n,), np.float64))
            return scores._of(self.class_names)
        finally:
            lib.pd_scores_release(out)

    def features(self, images: Any, *, origin: str = "real") -> NDArray[np.float32]:
        """The discriminator's last hidden layer, (n, width): what `select` takes as features."""
        x = self._input(self._dataset(images, None))
        out = np.empty((len(x), lib.pd_gan_feature_width(self._c)), np.float32)
        self._call(lib.pd_features, self._alive(), self._ready(origin), pointer("float", x), len(x), pointer("float", out))
        return out

    def passes(self, images: Any, passes: int = 20, *, seed: int = 0, origin: str = "real") -> NDArray[np.float32]:
        """Class logits (passes, n, classes) of the discriminator with dropout at work: what `select` takes as passes.

        Networks without dropout are refused.

        Examples
        --------
        >>> rows = paydirt.select(passes=gan.passes(pool), strategy="bald", k=100)
        """
        x = self._input(self._dataset(images, None))
        count = whole("passes", passes, lib.PD_PASSES_MOST)
        out = np.empty((count, len(x), self.classes), np.float32)
        self._call(lib.pd_passes, self._alive(), self._ready(origin), pointer("float", x), len(x), count, _seed(seed),
                   pointer("float", out))
        return out

    def _dataset(self, images: Any, labels: Any) -> Any:
        notes: List[str] = []
        given, own, _ = arrays_of(images, labels)
        pixels = fit_channels(pixels_of(given, "images", notes, self._scale)[0], self.shape[0])
        known, count, _ = labels_of(own, len(pixels), self.class_names, notes, by_number=True)
        return to_dataset(Images(pixels, known, count, None, notes))

    def _input(self, dataset: Any) -> NDArray[np.float32]:
        n = lib.pd_dataset_count(dataset)
        x = np.empty((n, *self.shape), np.float32)
        call(lib.pd_score_input, self._c, dataset, 0, n, pointer("float", x))
        return x

    def _call(self, function: Any, *args: Any) -> None:
        with openmp(0):
            call(function, *args)

    # --- files ---

    def save(self, path: Union[str, "os.PathLike[str]"]) -> str:
        """Writes the networks, with the names of the classes and the statistics that the discriminator scores by.

        Parameters
        ----------
        path : path
            A file that ends in .safetensors, or a folder, which is made, for networks.safetensors.

        Returns
        -------
        path : str
            Of the file.
        """
        to = pathlib.Path(path_text(path))
        if to.suffix != ".safetensors":
            to.mkdir(parents=True, exist_ok=True)
            if (to / "options.json").exists():
                raise UsageError("'%s' is a run's folder, which keeps its networks itself: give another one" % to)
            to = to / _FILE
        call(lib.pd_gan_write, self._alive(), os.fsencode(to))
        return str(to)

    def __reduce__(self) -> Any:
        """Pickled, and copied, as the file of `save`."""
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(self.save(pathlib.Path(folder, _FILE))).read_bytes()
        return _of_bytes, (data, self.history, self.notes, self.folder, self.interrupted)

    def to_torch(self, *, origin: str = "real") -> Any:
        """The networks as PyTorch's modules, in evaluation mode: `m.g(z, classes)` and `m.d(images)`, whose outputs are those of
        `sample` (as float32, channels first) and `score`.

        Parameters
        ----------
        origin : "real" or "fake"
            Whose statistics the discriminator's batch norm takes.

        Returns
        -------
        m : torch.nn.Module
            With the generator `g` and the discriminator `d`, which gives (logit, class logits).
        """
        from ._networks import load_checkpoint

        seen = lib.pd_gan_statistics(self._alive(), self._ready(origin))
        with tempfile.TemporaryDirectory() as folder:
            path = self.save(pathlib.Path(folder, _FILE))
            return load_checkpoint(path, path if seen else "", origin)


def _of_bytes(data: bytes, history: List[Epoch], notes: List[str], folder: Optional[str], interrupted: bool) -> Gan:
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, _FILE)
        path.write_bytes(data)
        gan = load(path)
    gan.history, gan.notes, gan.folder, gan.interrupted = history, notes, folder, interrupted
    return gan


def _seed(seed: int) -> int:
    return whole("seed", seed, 2**64 - 1)


def _origin(name: str) -> int:
    return int(_ORIGINS[one_of("origin", name, _ORIGINS)])


def _present(x: NDArray[np.float32], dtype: Any, channels_first: bool) -> NDArray[Any]:
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = None
    if kind not in (np.uint8, np.float32):
        raise UsageError("dtype: %s, expected uint8 or float32" % (kind or dtype))
    if x.ndim == 2:
        return x
    if kind == np.uint8:  # as `paydirt sample` rounds them
        x = np.rint((x + np.float32(1)) * np.float32(127.5)).clip(0, 255).astype(np.uint8)
    return x if channels_first else np.ascontiguousarray(np.moveaxis(x, 1, 3))


def load(path: Union[str, "os.PathLike[str]"], *, threads: int = 0) -> Gan:
    """Networks of a run (`train`, `paydirt train`), or that `Gan.save` has written.

    Parameters
    ----------
    path : path
        A run's folder, a folder or file of `Gan.save`, or a checkpoint.
    threads : int
        0: as a run's options say, else as many as the process may use.

    Returns
    -------
    Gan
    """
    at = pathlib.Path(path_text(path))
    saved = at / _FILE
    out = ffi.new("struct pd_gan **")
    with openmp(threads) as count:
        if at.is_dir() and not saved.exists():
            call(lib.pd_gan_open, os.fsencode(at), count, out)
            gan = Gan(out[0], os.path.abspath(at))
            options = json.loads((at / "options.json").read_text(encoding="utf-8"))
            gan._recalibrates = bool(options.get("recalibrate", True))
        else:
            at = saved if at.is_dir() else at
            call(lib.pd_gan_read, os.fsencode(at), count, out)
            gan = Gan(out[0])
    return gan
