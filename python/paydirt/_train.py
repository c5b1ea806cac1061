"""Training, in memory or in a run's folder."""
from __future__ import annotations

import hashlib
import os
import pathlib
import tempfile
import warnings
from typing import Any, Callable, Dict, List, Optional, Sequence, Union

import numpy as np

from ._gan import Epoch, Gan, load
from ._images import Images, is_of_places, open_dataset, say_scaled, to_dataset, understand
from ._labels import Classes, called, names_of
from ._library import Callbacks, UsageError, check, ffi, lib, new_error, not_forked, openmp, path_of, path_text, tell, text, \
    threads_of, whole, with_hints
from ._progress import Progress

Callback = Callable[[Epoch], Any]
_FOLDER_SIZE = 4096


# --- options ------------------------------------------------------------------------------------------------


def option_text(value: Any) -> str:
    """As the library takes it."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(str(v) for v in value)
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return os.fsdecode(value) if isinstance(value, (os.PathLike, bytes)) else str(value)


def set_options(function: Any, handle: Any, options: Dict[str, Any]) -> None:
    """Those that are not None, by pd_training_set or the like."""
    for name, value in options.items():
        if value is None:
            continue
        err = new_error()
        check(function(handle, name.replace("_", "-").encode(), os.fsencode(path_text(option_text(value), name)), err), err)


def _new_training(options: Dict[str, Any]) -> Any:
    out, err = ffi.new("struct pd_training **"), new_error()
    check(lib.pd_training_create(out, err), err)
    training = ffi.gc(out[0], lib.pd_training_destroy)
    set_options(lib.pd_training_set, training, options)
    return training


class Option:
    """What `train` can be told: name, default, range and a line about it."""

    def __init__(self, option: Any, base: Any) -> None:
        value = ffi.new("char[]", 512)
        lib.pd_option_text(option, base, value, 512)
        self.name = text(option.name)
        self.default = text(value)
        self.range = (option.least, option.most) if option.type in (lib.PD_OPTION_INT, lib.PD_OPTION_REAL) else None
        self.help = text(option.help)

    def __repr__(self) -> str:
        return "%s=%s%s: %s" % (self.name, self.default or "''", " (%g to %g)" % self.range if self.range else "", self.help)


def options() -> List[Option]:
    """All options of `train`, whose argument `labels` leaves no room for the program's, a number."""
    training = _new_training({})
    table = lib.pd_training_options(training)
    every = [Option(table.at + i, table.base) for i in range(table.count)]
    return [option for option in every if option.name != "labels"]


# --- what is seen of it -------------------------------------------------------------------------------------


class Watch:
    """A struct pd_training_watch that calls callbacks and shows progress."""

    def __init__(self, callbacks: Sequence[Callback], progress: Optional[bool]) -> None:
        if not isinstance(callbacks, (list, tuple)):
            raise UsageError("callbacks: %r, expected a list of functions of an Epoch" % (callbacks,))
        for c in callbacks:
            if not callable(c):
                raise UsageError("callbacks: %r, expected functions of an Epoch" % (c,))
        self.calls = Callbacks()
        self.functions = list(callbacks)
        self.progress = Progress(progress)
        self.history: List[Epoch] = []
        self.notes: List[str] = []
        self._of_places: List[str] = []  # until the classes' names are known
        self.stopped = False
        make = self.calls.make
        self.c = ffi.new("struct pd_training_watch *", {
            "begin": make("void(void *, const struct pd_training_begin *)",
                          lambda _, b: self.progress.begin(b.first_step, b.last_step)),
            "step": make("void(void *, uint64_t)", lambda _, step: self.progress.step(step)),
            "epoch": make("void(void *, const struct pd_training_epoch *)", self._epoch),
            "stop": make("bool(void *)", lambda _: self.stopped or self.calls.is_stopped(), True),
            "note": make("void(void *, const char *)", self._note),
            "decoding": make("bool(void *, const char *, uint64_t, uint64_t)",
                             lambda *_: self.stopped or self.calls.is_stopped(), True)})

    def _epoch(self, _: Any, e: Any) -> None:
        epoch = Epoch(*(getattr(e, name) for name in Epoch._fields))
        self.history.append(epoch)
        valid = "" if epoch.validation != epoch.validation else ", validation %.4g" % epoch.validation
        self.progress.epoch("epoch %d/%d, d_adv %.3f, g_adv %.3f%s, %.0f images/s" % (
            epoch.epoch, epoch.epochs, epoch.d_adv, epoch.g_adv, valid, epoch.images_per_second))
        for function in self.functions:
            asks = function(epoch)
            if asks is not None and not isinstance(asks, (bool, np.bool_)):
                tell("callbacks: a function returns %s, neither True (which ends the training) nor None: it goes on"
                     % type(asks).__name__)
            self.stopped = (isinstance(asks, (bool, np.bool_)) and bool(asks)) or self.stopped

    def _note(self, _: Any, words: Any) -> None:
        self.note(text(words))

    def note(self, words: str) -> None:
        """A line that people should know, with hints behind tabs."""
        if is_of_places(words):
            self._of_places.append(words)
        else:
            self._show(words)

    def settle(self, names: Sequence[str]) -> None:
        """All notes were there, of classes that are called so."""
        for words in self._of_places if called(names) is None else ():
            self._show(words)
        self._of_places = []

    def _show(self, words: str) -> None:
        line, _, hint = words.partition("\t")
        self.notes.append(with_hints(line, hint))
        self.progress.note(self.notes[-1])

    def finish(self, status: int, err: Any, gan: Callable[[], Optional[Gan]]) -> Gan:
        """What the call gave, or its exception. Ctrl-C, and a callback that says so, leave what there is."""
        self.progress.end()
        failed = self.calls.exception
        if failed is None and status not in (lib.PD_OK, lib.PD_ERR_INTERRUPTED):
            check(status, err)
        made = gan() if status in (lib.PD_OK, lib.PD_ERR_INTERRUPTED) else None
        if made is not None:
            self.settle(made.class_names)
            made.history, made.notes = self.history, self.notes + made.notes
            made.interrupted = status == lib.PD_ERR_INTERRUPTED
        if failed is not None and not (isinstance(failed, KeyboardInterrupt) and made is not None):
            failed.gan = made  # type: ignore[attr-defined]
            raise failed
        if made is None:
            check(status, err)
            raise AssertionError("no networks")
        if failed is not None:
            done = self.history[-1].epoch if self.history else 0
            where = ": paydirt.resume(%r) goes on" % made.folder if made.folder else ""
            warnings.warn("stopped by Ctrl-C with %d epochs done; the networks are as they were then%s" % (done, where),
                          UserWarning, stacklevel=4)
        return made


# --- data in a folder ---------------------------------------------------------------------------------------


def keep_arrays(images: Images, folder: pathlib.Path, by_scale: bool = True) -> pathlib.Path:
    """Writes them beside the runs, once: an .npz that is called by what is in it, and the scale that it was given in."""
    if images.are_points:
        raise UsageError("points: a run's folder keeps none, so out= is for images alone")
    if images.pixels.max() == 1:
        raise UsageError("images: the lightest pixel is 1 of 255: scale them")
    digest = hashlib.sha256()
    for a in (np.array(images.pixels.shape), images.pixels, images.labels):
        digest.update(np.ascontiguousarray(a).data)
    scale = text(lib.pd_pixel_scale_at(images.scale).name)
    if by_scale:
        digest.update(scale.encode())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("data-%s%s.npz" % (digest.hexdigest()[:16], "-" + scale if by_scale else ""))
    if path.exists():
        return path
    descriptor, beside = tempfile.mkstemp(dir=folder, prefix=".data-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            more: Dict[str, Any] = {} if images.given is None else {"paydirt_given": images.given}
            np.savez(file, images=images.pixels, labels=images.labels, paydirt_scale=[scale], **more)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    return path


def names_option(images: Images) -> str:
    """Of the classes, for the option of that name."""
    names = images.names or [str(k) for k in range(images.classes)]
    for name in names:
        if "," in name:
            raise UsageError("classes: %r: a run's folder takes no comma in a name" % name)
    return ",".join(names)


# --- training -----------------------------------------------------------------------------------------------


def _in_memory(training: Any, dataset: Any, watch: Watch, count: int) -> Gan:
    out, err = ffi.new("struct pd_gan **"), new_error()
    with openmp(count):
        status = lib.pd_training_run(training, dataset, watch.c, out, err)
    return watch.finish(status, err, lambda: Gan(out[0]) if out[0] != ffi.NULL else None)


def _in_folder(training: Any, watch: Watch, count: int) -> Gan:
    folder, err = ffi.new("char[]", _FOLDER_SIZE), new_error()
    with openmp(count):
        status = lib.pd_run_start(training, watch.c, folder, _FOLDER_SIZE, err)
    return watch.finish(status, err, lambda: _opened(path_of(folder)))


def _opened(folder: str) -> Optional[Gan]:
    """None: stopped before the first checkpoint."""
    at = pathlib.Path(folder)
    there = any((at / name).exists() for name in ("checkpoint.safetensors", "best.safetensors"))
    return load(folder) if there else None


def train(data: Any, labels: Any = None, *, model: Optional[str] = None, epochs: int = 20, gold: bool = False,
          classes: Classes = None, seed: int = 1, threads: int = 0, callbacks: Sequence[Callback] = (),
          progress: Optional[bool] = None, out: Union[str, "os.PathLike[str]", None] = None, **options: Any) -> Gan:
    """Trains a class-conditional GAN.

    Parameters
    ----------
    data : array, data set, or path
        Images (n, H, W), (n, H, W, C) or (n, C, H, W), C 1 or 3: uint8, or floats within [0, 1], [-1, 1] or [0, 255]; points
        (n, 2) of floats; a data set of Hugging Face's `datasets` or torchvision's; or what `paydirt train --data` takes: a
        folder of images, an archive, an .npz, the name of a set. `Gan.notes` says what was understood.
    labels : array (n), optional
        Whole numbers from 0, -1 where none is known; one-hot rows; or names, with None or "" where none is known. A data set's
        own where nothing is given.
    model : str, optional
        "mlp" (points), "infogan", "acgan", "dcgan", "sngan", "wgan-gp"; by default the one that suits the data.
    epochs : int
        Passes over the data; an epoch has 10,000 images at least (min_epoch).
    gold : bool
        Re-weight by GOLD.
    classes : int, list or dict, optional
        How many there are, or their names in order, or names by number (or the reverse); else as many as the labels say, and
        pandas' categories as they stand. Whole numbers in a list are what classes are called, and numbers of classes
        are these from then on: [1, 5, 9].
    seed, threads : int
        The same seed, threads and data give the same bits. threads 0: as many as the process may use.
    callbacks : list of functions
        Called with an `Epoch` after each; one that returns True ends the training.
    progress : bool, optional
        None: where there is a terminal or a notebook.
    out : path, optional
        A folder for the run's folder: with checkpoints, which survive a crash, and all that the program `paydirt` makes of
        runs. Arrays are kept in it, too. None: in memory alone.
    **options
        The others of `paydirt train --help`, with `_` for `-`: labels_per_batch=32, width=0.25, validation=500, ... `options()`
        lists them.

    Returns
    -------
    Gan
        After Ctrl-C, with a warning, the networks as they were then (`Gan.interrupted`).

    Raises
    ------
    UsageError, MismatchError
        An option or data that cannot be right, with the row; training that diverged.

    Examples
    --------
    >>> gan = paydirt.train(images, labels, model="infogan", gold=True, epochs=20)
    """
    watch = Watch(callbacks, progress)
    is_path = isinstance(data, (str, bytes, os.PathLike))
    classes = names_of(classes) if is_path else classes
    if is_path and labels is not None:
        raise UsageError("labels: '%s' has its own; a table of them is label_file=" % os.fsdecode(data))
    if not is_path and "data" in options or "data_dir" in options and not is_path:
        raise UsageError("data: given twice")
    given: Dict[str, Any] = {"model": model, "epochs": epochs, "gold": gold, "seed": seed, "threads": threads_of(threads), **options}
    images = None if is_path else understand(data, labels, classes)
    if images is not None:
        say_scaled(images, options.get("size"))
    for note in images.notes if images else ():
        watch.note(note)
    if out is not None:
        where = pathlib.Path(path_text(out, "out")).absolute()
        given.update(out=where, data=path_text(data, "data") if images is None else keep_arrays(images, where),
                     classes=classes if images is None else names_option(images))
        gan = _in_folder(_new_training(given), watch, threads)
    elif images is not None:
        gan = _in_memory(_new_training(given), to_dataset(images), watch, threads)
    else:
        training = _new_training(given)
        gan = _in_memory(training, open_dataset(data, classes, dir=options.get("data_dir")), watch, threads)
    return gan


def resume(folder: Union[str, "os.PathLike[str]"], *, epochs: Optional[int] = None, callbacks: Sequence[Callback] = (),
           progress: Optional[bool] = None) -> Gan:
    """Goes on with a run of `train(..., out=...)` or of `paydirt train` where its last checkpoint stands.

    Parameters
    ----------
    folder : path
        The run's.
    epochs : int, optional
        Another number of them.
    callbacks, progress
        As of `train`.

    Returns
    -------
    Gan
        Bit for bit that of a run that was never stopped.
    """
    not_forked("resume")
    folder = os.path.abspath(path_text(folder, "folder"))
    watch = Watch(callbacks, progress)
    change = ffi.new("struct pd_run_change *", {"epochs": 0 if epochs is None else whole("epochs", epochs, 2**31 - 1)})
    err = new_error()
    with openmp(0):
        status = lib.pd_run_resume(os.fsencode(folder), change, watch.c, err)
    return watch.finish(status, err, lambda: _opened(folder))
