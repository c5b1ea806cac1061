"""Active learning with answers from Python: `ActiveLearner`."""
from __future__ import annotations

import collections.abc
import contextlib
import csv
import fcntl
import json
import os
import pathlib
import re
import tempfile
from typing import Any, Dict, Iterator, List, Optional, Sequence, Union

import numpy as np
from numpy.typing import NDArray

from ._arrays import index_of, whole_numbers
from ._gan import Gan, load
from ._images import say_scaled, understand
from ._labels import Classes, Names, as_called, called, listed
from ._library import UsageError, check, ffi, lib, new_error, not_forked, openmp, path_of, path_text, text
from ._train import Callback, Watch, keep_arrays, names_option, option_text, set_options

_FOLDER_SIZE = 4096
_PENDING = {False: "pending.csv", True: "corrections.csv"}  # what the run has not taken yet
_SKIP = "skip"
_FINAL = re.compile(r"\bfinal\b")  # what the library calls the budget
_MAY_CHANGE = ("data", "out", "threads", "final", "query", "pictures", "classes")


def _write_synced(path: pathlib.Path, rows: Dict[int, str]) -> None:
    """The whole file or none of it, on the disk when this returns."""
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".answers-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(("image", "label"))
            out.writerows(rows.items())
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: pathlib.Path, names: Sequence[str]) -> Dict[int, str]:
    """The run writes a class that a spreadsheet would take for a formula ("+") with a ' before it."""
    if not path.exists():
        return {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = {int(row["image"]): row["label"] for row in csv.DictReader(file)}
    return {row: word[1:] if word not in names and word.startswith("'") and word[1:] in names else word
            for row, word in rows.items()}


def _is_whole(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)


def _check_order(at: NDArray[np.int64], rows: Any, labels: Any) -> None:
    """Refuses answers that may be in another order than the rows."""
    if isinstance(labels, (collections.abc.Set, collections.abc.Mapping)) or hasattr(labels, "columns"):
        raise UsageError("labels: a %s, expected a list, in the order of rows" % type(labels).__name__)
    index, own = index_of(labels), index_of(rows)
    if index is None or own is not None and index.equals(own):
        return
    names, order = index.tolist(), at.tolist()
    if names != order and (names != list(range(len(names))) or sorted(order) == names):
        raise UsageError("labels: a Series whose index is not rows in their order: expected that (series[rows]), or a list of them "
                         "(series.to_list())")


class ActiveLearner:
    """A GAN that is trained on few labels and asks for those that would help most (GOLD section 4.3).

    All of it lies in a folder, as `paydirt active` has it: the same pool and folder go on where they stood, in another process,
    after a restart of the kernel or a power loss. An answer is on the disk when `answer` returns.

    Parameters
    ----------
    pool : array or data set
        Images, as of `train`.
    labels : array (n), optional
        Those that are known already, -1 for the others.
    classes : int, list or dict
        The classes that answers may use, as of `train`; else those of the labels. Names behind those that the loop has are
        added to it.
    budget : int
        Labels in the end, with those that were known.
    strategy : str
        A name of `strategies()`: "gold", "random", "entropy", "coreset", "typiclust", "badge", ...; what they need are
        the discriminator's logits and features. "bald" needs a model with dropout.
    init : int
        Labels to begin with, asked for at random, or as `first` says: "typiclust", "coreset" or "probcover" by the features of
        a GAN that has seen no label.
    per_round : int
        Labels to ask for in each round.
    folder : path
        Made where it is not there.
    seed, threads : int
    callbacks, progress
        As of `train`.
    **options
        The others of `paydirt active --help` with `_` for `-`: epochs=20, width=0.25, ...

    Attributes
    ----------
    done : bool
        The budget is spent, and the last round trained.
    notes : list of str

    Examples
    --------
    >>> loop = paydirt.ActiveLearner(pool, classes=["cat", "dog"], budget=60, strategy="gold", folder="cats")
    >>> while len(rows := loop.query()):
    ...     loop.answer(rows, [ask(pool[i]) for i in rows])
    >>> loop.gan.score(pool).predicted
    """

    def __init__(self, pool: Any, labels: Any = None, *, classes: Classes = None, budget: int, strategy: str = "gold",
                 init: int = 10, per_round: int = 10, folder: Union[str, "os.PathLike[str]"] = "labelling", seed: int = 1,
                 threads: int = 0, callbacks: Sequence[Callback] = (), progress: Optional[bool] = None, **options: Any) -> None:
        images = understand(pool, labels, classes)
        say_scaled(images, options.get("size"))
        self.folder = pathlib.Path(path_text(folder, "folder")).absolute()
        self.done = False
        self.class_names = images.names or [str(k) for k in range(images.classes)]
        given = listed(classes)
        self._by_value = given is None or isinstance(given, int) or isinstance(classes, Names) \
            or all(isinstance(c, int) for c in given)
        self._given = images.labels.copy()  # the caller's own array may change
        self._n = len(images.pixels)
        self._scale = images.scale  # as given now: the folder may keep the same pixels of another one
        self._watching: Dict[str, Any] = {"callbacks": callbacks, "progress": progress}
        self.notes: List[str] = list(images.notes)
        data = keep_arrays(images, self.folder, by_scale=False)
        self._options: Dict[str, Any] = {
            "data": data, "classes": names_option(images), "oracle": "csv", "out": self.folder, "strategy": strategy,
            "init": init, "query": per_round, "final": budget, "seed": seed, "threads": threads, "pictures": False, **options}
        self._active = self._new()
        self._data = data
        self._run: Optional[pathlib.Path] = None
        self._look_for_run()
        self._pending()

    def __repr__(self) -> str:
        known = sum(word != _SKIP for word in self._answered().values())
        return "<paydirt.ActiveLearner in '%s', %d of %d labels>" % (self.folder, known, self._options["final"])

    # --- what is known ---

    @property
    def labels(self) -> NDArray[np.int32]:
        """(n): those given, all answers so far, and what copies share with images that the run has learnt, as numbers of classes (by
        which they are called where all are called by whole numbers); -1 where there is none."""
        out = self._given.copy()
        pending = self._pending()  # first: what is taken from it meanwhile is in the other then
        learnt = [_read(path, self.class_names) for path in self._run.glob("*/labels.csv")] if self._run else []
        answered = _read(self._run / "answers.csv", self.class_names) if self._run else {}
        self._check_words(answered)
        for answers in (*learnt, answered, *pending.values()):
            for row, word in answers.items():
                out[row] = -1 if word == _SKIP else self.class_names.index(word)
        return as_called(out, self.class_names)

    @property
    def gan(self) -> Optional[Gan]:
        """The newest networks; None before the first round is trained."""
        rounds: List[pathlib.Path] = []
        for name in (str(self._options["strategy"]).partition(",")[0] + "-1", "start-1"):  # files' times are not copied with them
            if self._run and not rounds:
                rounds = sorted(self._run.glob(name + "/round-*/best.safetensors"), key=lambda p: int(p.parent.name.partition("-")[2]))
        if not rounds:
            return None
        gan = load(rounds[-1].parent)
        gan._scale = self._scale
        return gan

    # --- asking and answering ---

    def query(self) -> NDArray[np.int64]:
        """The rows whose labels are wanted, the most useful first; none once all is done.

        Takes the answers so far, and trains a round where all that was asked for is answered. Ctrl-C (KeyboardInterrupt) loses
        nothing: call it again.
        """
        watch = Watch(**self._watching)
        refused: List[str] = []
        outcome = ffi.new("struct pd_active_outcome *")
        c = ffi.new("struct pd_active_watch *", {
            "train": watch.c, "begin": watch.calls.make("void(void *, const char *)", lambda _, f: self._begun(path_of(f))),
            "round": watch.calls.make("void(void *, const struct pd_active_round *)", lambda _, r: watch.progress.note(
                "round %d, %d labels" % (r.round, r.labels))),
            "refused": watch.calls.make("void(void *, const struct pd_refusal *)", lambda _, r: refused.append(text(r.words)))})
        pending = self._pending()
        kept = {kind: ffi.new("char[]", os.fsencode(self.folder / name)) for kind, name in _PENDING.items() if pending[kind]}
        news = ffi.new("struct pd_active_news *", {"answers": kept.get(False, ffi.NULL), "correct": kept.get(True, ffi.NULL)})
        with contextlib.ExitStack() as self._beginning:  # two that begin at once would make two runs
            self._beginning.enter_context(self._locked())
            if self._run:
                self._beginning.close()
            self._go(watch, c, news, outcome)
        watch.settle(self.class_names)
        self.notes += [line for line in watch.notes if line not in self.notes]
        if refused:
            raise UsageError("answers: %s" % "; ".join(refused))
        with self._locked():
            left = {kind: {row: word for row, word in answers.items() if pending[kind].get(row) != word}
                    for kind, answers in self._pending().items()}
            for row in set(left[False]) & set(pending[False]):  # corrected while the run took what it was
                left[True].setdefault(row, left[False].pop(row))
            for kind, answers in left.items():
                self._write(kind, answers)
        self.done = outcome.questions == 0
        return np.zeros(0, np.int64) if self.done else self._asked(path_of(outcome.queries))

    def answer(self, rows: Any, labels: Any, *, correct: bool = False) -> None:
        """Keeps answers; they are on the disk when this returns.

        Parameters
        ----------
        rows : array of whole numbers
            Of the pool; asked for or not.
        labels : array
            A class for each, by number or name; None or "skip" where the image shows none: it is not asked for again. Of a Series
            the index is to be 0, 1, 2, ... or the rows.
        correct : bool
            They may replace earlier ones. Else an answer that contradicts one is refused.
        """
        at = whole_numbers(rows, "rows")
        _check_order(at, rows, labels)
        words = self._words(labels, len(at))
        if len(at) and not (0 <= at.min() and at.max() < self._n):
            raise UsageError("rows: %d to %d, expected 0 to %d" % (at.min(), at.max(), self._n - 1))
        given = dict(zip(at.tolist(), words))
        for row, word in zip(at.tolist(), words):
            if given[row] != word:
                raise UsageError("row %d is answered twice, as %r and %r" % (row, word, given[row]))
        with self._locked():
            if not correct:
                self._check_against_known(given)
            known = self._answered() if correct else {}
            pending = self._pending()
            for row, word in given.items():
                late = correct and row in known and row not in pending[False]
                pending[late][row] = word
            for kind, answers in pending.items():
                self._write(kind, answers)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Others may answer and ask in the same folder: nobody else writes what the run has not taken yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "a") as file:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            self._look_for_run()
            yield

    def _pending(self) -> Dict[bool, Dict[int, str]]:
        """What the run has not taken yet, by whom ever it was answered."""
        pending = {kind: _read(self.folder / name, self.class_names) for kind, name in _PENDING.items()}
        for answers in pending.values():
            self._check_words(answers)
        return pending

    def _check_words(self, answers: Dict[int, str]) -> None:
        for row, word in answers.items():
            if word != _SKIP and word not in self.class_names:
                raise UsageError("classes: row %d was answered as %r, which is none of them (%s)"
                                 % (row, word, ", ".join(self.class_names)))

    def _write(self, kind: bool, answers: Dict[int, str]) -> None:
        path = self.folder / _PENDING[kind]
        if not answers:
            path.unlink(missing_ok=True)
        elif answers != _read(path, self.class_names):
            _write_synced(path, answers)

    def _places(self) -> Dict[int, str]:
        """What whole numbers stand for. Classes that were given as numbers are called so; others have their places, which say
        nothing where other classes are called like them."""
        values = called(self.class_names)
        if values is None:
            return dict(enumerate(self.class_names))
        return dict(zip(values, self.class_names)) if self._by_value else {}

    def _words(self, labels: Any, n: int) -> List[str]:
        given = list(labels.tolist() if hasattr(labels, "tolist") else labels)
        if len(given) != n:
            raise UsageError("labels: %d for %d rows" % (len(given), n))
        places = self._places()
        out = []
        for i, label in enumerate(given):
            if label is None or isinstance(label, str) and label == _SKIP:
                word = _SKIP
            elif isinstance(label, str):
                word = label
            elif _is_whole(label) and label in places:
                word = places[int(label)]
            elif not places and _is_whole(label):
                raise UsageError("labels: row %d: %r may be a class's name or its place: expected a name, as %r"
                                 % (i, label, self.class_names[0]))
            else:
                raise UsageError("labels: row %d: %r, expected %s to %s, a name, or None to skip the image"
                                 % (i, label, min(places, default=0), max(places, default=0)))
            if word != _SKIP and word not in self.class_names:
                raise UsageError("labels: row %d: %r is none of the classes (%s)" % (i, word, ", ".join(self.class_names)))
            out.append(word)
        return out

    def _answered(self) -> Dict[int, str]:
        out = {int(i): self.class_names[self._given[i]] for i in np.flatnonzero(self._given >= 0)}
        out.update(_read(self._run / "answers.csv", self.class_names) if self._run else {})
        for answers in self._pending().values():
            out.update(answers)
        return out

    def _check_against_known(self, given: Dict[int, str]) -> None:
        known = self._answered()
        for row, word in given.items():
            if known.get(row, word) != word:
                raise UsageError("row %d: %r, but it was answered before as %r (correct=True replaces it)"
                                 % (row, word, known[row]))

    # --- the run ---

    def _new(self) -> Any:
        out, err = ffi.new("struct pd_active **"), new_error()
        check(lib.pd_active_create(out, err), err)
        active = ffi.gc(out[0], lib.pd_active_destroy)
        set_options(lib.pd_active_set, active, self._options)
        return active

    def _look_for_run(self) -> None:
        """Another process may have begun it since."""
        if self._run:
            return
        runs = sorted(p.parent for p in self.folder.glob("*/active.json"))
        if len(runs) > 1:
            raise UsageError("'%s' holds %d runs of active learning, expected one: give another folder" % (self.folder, len(runs)))
        if runs:
            self._check(runs[0])
            self._run = runs[0]

    def _check(self, run: pathlib.Path) -> None:
        begun: Dict[str, Any] = {}
        for name in ("options.json", "active.json"):
            with open(run / name, encoding="utf-8") as file:
                begun.update(json.load(file))
        was = pathlib.Path(begun["data"])
        if was.name != self._data.name:
            raise UsageError("'%s' holds a loop over other images or labels (%s, these are %s): give another folder"
                             % (self.folder, was.name, self._data.name))
        names = self._names_in(run)
        if self.class_names[:len(names)] != names:
            raise UsageError("classes: %s, but the loop in '%s' has %s: give these in that order, new ones behind them"
                             % (", ".join(self.class_names), self.folder, ", ".join(names)))
        for key, value in self._options.items():
            name = key.replace("-", "_")
            if name in _MAY_CHANGE or value is None or name not in begun:
                continue
            if option_text(value) != option_text(begun[name]) and value != begun[name]:
                raise UsageError("%s: %s, but the loop in '%s' was begun with %s: give that, or another folder"
                                 % (name, option_text(value), self.folder, option_text(begun[name])))

    @staticmethod
    def _names_in(run: pathlib.Path) -> List[str]:
        """The classes that it has by now: the journal knows those that were added."""
        names = json.loads((run / "options.json").read_text(encoding="utf-8"))["classes"]
        journal = run / "journal.jsonl"
        for line in journal.read_text(encoding="utf-8").splitlines() if journal.exists() else ():
            with contextlib.suppress(ValueError):  # a last line that a crash has torn
                event = json.loads(line) if '"classes"' in line else {}
                names = event["value"] if event.get("event") == "set" and event["option"] == "classes" else names
        return list(names.split(","))

    def _begun(self, folder: str) -> None:
        self._run = pathlib.Path(folder)
        self._beginning.close()

    def _go(self, watch: Watch, c: Any, news: Any, outcome: Any) -> None:
        not_forked("ActiveLearner.query")
        err = new_error()
        with openmp(self._options["threads"]):
            if self._run:
                news.final, news.query = self._options["final"], self._options["query"]
                added = self.class_names[len(self._names_in(self._run)):]
                names = ffi.new("char[]", ",".join(added).encode())
                news.add_class = names if added else ffi.NULL
                status = lib.pd_active_resume(os.fsencode(self._run), news, c, outcome, err)
            else:
                folder = ffi.new("char[]", _FOLDER_SIZE)
                status = lib.pd_active_start(self._active, news, c, folder, _FOLDER_SIZE, outcome, err)
        watch.progress.end()
        if watch.calls.exception is not None:
            raise watch.calls.exception
        if status == lib.PD_ERR_INTERRUPTED:
            raise KeyboardInterrupt("stopped by a callback: query() goes on")
        try:
            check(status, err)
        except UsageError as e:
            raise UsageError(_FINAL.sub("budget", str(e))) from None

    @staticmethod
    def _asked(path: str) -> NDArray[np.int64]:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return np.array([int(row["image"]) for row in csv.DictReader(file)], np.int64)
