"""Errors as one sentence instead of a traceback, while the cell still counts as failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from jupyter_mltrain.errors import MltrainError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

E = TypeVar("E", bound=BaseException)


def in_kernel(shell: InteractiveShell) -> bool:
    """Whether the shell is a kernel's: something else than a terminal shows what it says."""
    return getattr(shell, "kernel", None) is not None


def in_color(shell: InteractiveShell) -> bool:
    """Whether colours are of use: on a terminal, and nowhere else."""
    import sys

    return not in_kernel(shell) and sys.stdout.isatty()


def shown_as(error: E, text: str) -> E:
    """Make IPython show `text` where it would show the error's traceback.

    References
    ----------
    `_render_traceback_` is looked for in `InteractiveShell.showtraceback`.
    """
    lines = text.splitlines()
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error


@contextmanager
def plainly(shell: InteractiveShell) -> Iterator[None]:
    """Let our errors out as their sentence: Run all and papermill stop, and nobody reads frames."""
    try:
        yield
    except MltrainError as error:
        if "_render_traceback_" not in vars(error):
            red, end = ("\x1b[31m", "\x1b[0m") if in_color(shell) else ("", "")
            shown_as(error, f"{red}{error.message}{end}")
        raise
