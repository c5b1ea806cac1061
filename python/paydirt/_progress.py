"""How far a training is: a line that is written over on a terminal and in a notebook, else a line an epoch."""
from __future__ import annotations

import sys
import time
from typing import Optional, Union

_WIDTH = 24


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and "IPKernelApp" in getattr(shell.get_ipython(), "config", {})


class Progress:
    """wanted: True, False, or None: where somebody is there to see it."""

    def __init__(self, wanted: Optional[bool]) -> None:
        self.over = _in_notebook() or sys.stderr.isatty()
        self.on = self.over if wanted is None else bool(wanted)
        self.first = self.last = self.shown = 0
        self.begun = time.monotonic()
        self.drawn = 0.0
        self.words = ""

    def note(self, words: str) -> None:
        """A line of its own."""
        if self.on:
            self._clear()
            print(words, file=sys.stderr, flush=True)

    def begin(self, first: int, last: int) -> None:
        """Steps."""
        self.first, self.last, self.begun = first, last, time.monotonic()

    def step(self, step: int) -> None:
        """Steps done."""
        now = time.monotonic()
        if self.on and self.over and (now - self.drawn > 0.25 or step == self.last):
            self.drawn = now
            part = (step - self.first) / max(self.last - self.first, 1)
            left = (now - self.begun) / max(part, 1e-9) * (1 - part)
            bar = "#" * int(part * _WIDTH)
            percent = 100 * step / max(self.last, 1)
            line = "%3.0f %% [%-*s] %s, %s left" % (percent, _WIDTH, bar, self.words or "training", _time(left))
            self._clear()
            self.shown = len(line)
            print("\r" + line, end="", file=sys.stderr, flush=True)

    def epoch(self, words: str) -> None:
        """An epoch is done."""
        self.words = words
        if self.on and not self.over:
            print(words, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the last line."""
        if self.on and self.shown:
            print(file=sys.stderr, flush=True)
        self.shown = 0

    def _clear(self) -> None:
        if self.shown:
            print("\r" + " " * self.shown + "\r", end="", file=sys.stderr)
        self.shown = 0


def _time(seconds: Union[int, float]) -> str:
    seconds = int(seconds)
    return "%d s" % seconds if seconds < 100 else "%d min" % (seconds // 60) if seconds < 6000 else "%d h" % (seconds // 3600)
