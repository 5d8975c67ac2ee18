"""A matplotlib backend: Agg, and `plt.show()` saves the open figures instead of a window.

``MPLBACKEND=module://_mltrain_run.mpl_backend`` selects it; only matplotlib imports it. Works with
matplotlib from 3.3 on: older ones read `FigureManager` here, newer ones `manager_class`.
"""

# mypy: disallow-subclassing-any=False

import atexit

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from .display import save_figure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional


class FigureManager(FigureManagerBase):
    """Makes `figure.show()` save the figure, too."""

    def show(self) -> None:
        save_figure(self.canvas.figure)


class FigureCanvas(FigureCanvasAgg):
    """Agg's canvas."""

    manager_class = FigureManager


_saves_at_exit = False


def show(*args: "Any", block: "Optional[bool]" = None, **kwargs: "Any") -> None:
    """Save every open figure and close it.

    With `block=False` more may be drawn, in a loop with `plt.pause` for one; then the figures are
    saved when the process ends.
    """
    global _saves_at_exit
    if block is not False and not (args and args[0] is False):
        save_open(again=True)
    elif not _saves_at_exit:
        _saves_at_exit = True
        atexit.register(save_open)


def save_open(again: bool = False) -> None:
    """Save the open figures and close all; what looks as it was last saved needs `again`."""
    try:
        for manager in Gcf.get_all_fig_managers():
            save_figure(manager.canvas.figure, again)
    finally:
        Gcf.destroy_all()
