"""Where a run is shown as it goes: one display of a notebook, or a terminal."""

from __future__ import annotations

import codecs
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Final, Protocol

from IPython.display import DisplayHandle

from jupyter_mltrain.core import words
from jupyter_mltrain.core.folding import Folding
from jupyter_mltrain.magics.card_bundle import bundle
from jupyter_mltrain.magics.card_text import card
from jupyter_mltrain.spec import Run, RunFile, RunState
from jupyter_mltrain.wire import MetricPoint

_BETWEEN_S: Final = 0.25
"""At least so long between two updates of a display."""

_BUILD_LINES: Final = 12
"""Of the log of a build: its end says where it is, and why it failed."""

_TICKS_S: Final = ((60.0, 1.0), (3_600.0, 5.0), (float("inf"), 30.0))
"""Up to which age of a run its clock is moved how often: every update costs the notebook."""


class View(Protocol):
    """Shows one run."""

    def run(self, run: Run) -> None:
        """The run's record is new or has changed."""

    def output(self, data: bytes) -> None:
        """The run has printed something."""

    def building(self, data: bytes) -> None:
        """What makes the run's environment ready has printed something."""

    def metrics(self, points: Iterable[MetricPoint]) -> None:
        """The run has logged something."""

    def wait_s(self) -> float | None:
        """How long the view can do without a word; `None` is for ever."""

    def refresh(self) -> None:
        """Some of that time has passed."""

    def end(self, run: Run, metrics: Mapping[str, Any], files: tuple[RunFile, ...]) -> None:
        """The run has ended."""

    def leave(self) -> None:
        """Nobody watches any longer, while the run goes on."""


class CardView(View):
    """One display of a notebook, updated in place."""

    def __init__(
        self,
        *,
        quiet: bool = False,
        place: DisplayHandle | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing shown; `place` is a display that is there already."""
        self._quiet = quiet
        self._monotonic = monotonic
        self._folding = Folding()
        self._building = Folding()
        self._run: Run | None = None
        self._latest: dict[str, float] = {}
        self._handle = place or DisplayHandle()
        self._shown = place is not None
        self._drawn: dict[str, Any] = {}
        self._news = False
        self._drawn_at = float("-inf")

    def run(self, run: Run) -> None:
        self._run = run
        self._news = True

    def output(self, data: bytes) -> None:
        if not self._quiet:
            self._folding.feed_bytes(data)
            self._news = True

    def building(self, data: bytes) -> None:
        if not self._quiet:
            self._building.feed_bytes(data)
            self._news = True

    def metrics(self, points: Iterable[MetricPoint]) -> None:
        for point in points:
            if point.value is not None and not point.image:
                name = point.name if point.column is None else f"{point.name}.{point.column}"
                self._latest[name] = point.value
                self._news = True

    def wait_s(self) -> float | None:
        if self._run is None:
            return None
        pause = _BETWEEN_S
        if not self._news:
            passed = words.elapsed_s(self._run, _now())
            pause = next(tick for age, tick in _TICKS_S if passed < age)
        return max(0.0, self._drawn_at + pause - self._monotonic())

    def refresh(self) -> None:
        if self._run is not None and self.wait_s() == 0.0:
            self._draw(self._latest, ())

    def end(self, run: Run, metrics: Mapping[str, Any], files: tuple[RunFile, ...]) -> None:
        self._run = run
        self._draw(metrics, files)

    def leave(self) -> None:
        if self._run is not None:
            self._draw(self._latest, ())

    def _draw(self, metrics: Mapping[str, Any], files: tuple[RunFile, ...]) -> None:
        assert self._run is not None
        text = card(self._run, self._tail(), _now(), metrics=metrics, files=files)
        data = bundle(self._run, text, files)
        self._news = False
        self._drawn_at = self._monotonic()
        if data == self._drawn:
            return
        self._drawn = data
        if self._shown:
            self._handle.update(data, raw=True)
            return
        self._shown = True  # first, so that no interrupt can make it two displays
        self._handle.display(data, raw=True)

    def _tail(self) -> str:
        """What it prints; before the script has started, how its environment is made ready."""
        assert self._run is not None
        if self._run.started_at is not None or self._folding.text:
            return self._folding.text
        return "\n".join(self._building.text.splitlines()[-_BUILD_LINES:])


class TerminalView(View):
    """The output as it comes, between a line when it starts and a line when it ends."""

    def __init__(self, *, quiet: bool = False, color: bool = False) -> None:
        self._quiet = quiet
        self._color = color
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._said = ""
        self._building = codecs.getincrementaldecoder("utf-8")("replace")
        self._printed = False
        self._built = False
        self._in_line = False

    def run(self, run: Run) -> None:
        if self._quiet or self._printed or run.state.final:
            return
        if self._built and run.state is RunState.PREPARING:
            return  # the log says more than its reason
        detail = run.reason if run.state.waiting else words.place(run)
        line = f"{words.state_title(run.state, colored=self._color)}  {run.label}  {detail}"
        if line != self._said:
            self._said = line
            self._write(f"{line}\n")

    def output(self, data: bytes) -> None:
        if not self._quiet:
            self._printed = True
            self._write(self._decoder.decode(data))

    def building(self, data: bytes) -> None:
        if not self._quiet:
            self._built = True
            self._write(self._building.decode(data))

    def metrics(self, points: Iterable[MetricPoint]) -> None:
        pass  # a script that wants its metrics read in a terminal prints them

    def wait_s(self) -> float | None:
        return None

    def refresh(self) -> None:
        pass  # a terminal shows everything at once

    def end(self, run: Run, metrics: Mapping[str, Any], files: tuple[RunFile, ...]) -> None:
        self.leave()
        self._write(words.summary(run, metrics, files, colored=self._color) + "\n")

    def leave(self) -> None:
        if self._in_line:
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()
            self._in_line = not text.endswith("\n")


def _now() -> datetime:
    return datetime.now(timezone.utc)
