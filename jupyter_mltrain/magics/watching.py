"""Following a run from a cell, until it ends or the user has seen enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jupyter_mltrain.magics.plainly import in_color, in_kernel
from jupyter_mltrain.spec import DRIVER_LOG, Run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_mltrain.client import Client
    from jupyter_mltrain.magics.feed import Feed
    from jupyter_mltrain.magics.views import View


def view_for(shell: InteractiveShell, *, quiet: bool = False) -> View:
    """How this shell shows a run."""
    from jupyter_mltrain.magics import views

    if in_kernel(shell):
        return views.CardView(quiet=quiet)
    return views.TerminalView(quiet=quiet, color=in_color(shell))


def watch(
    client: Client,
    begin: Callable[[], Run],
    view: View,
    log: str | None = DRIVER_LOG,
    begun: Callable[[Run], None] | None = None,
) -> Run | None:
    """Begin a run, or find one, and show it to its end.

    Interrupting stops the watching, not the run, and says so. While the run is only just being
    submitted an interrupt waits until it has a number; a second one does not.

    Parameters
    ----------
    begun
        Called as soon as there is a run.

    Returns
    -------
    Run or None
        The ended run; `None` when the user has interrupted.
    """
    from jupyter_mltrain.magics.feed import Feed

    feed = Feed(client, begin, (log,) if log is not None else ())
    run: Run | None = None
    try:
        try:
            feed.start()
            run = feed.first()
        except KeyboardInterrupt:
            run = feed.first()
            raise
        finally:
            if run is not None and begun is not None:
                begun(run)
        assert run is not None  # a feed that has started ends with a run or an error
        run = _follow(feed, view, run)
        view.end(run, client.metrics(run.id), client.files(run.id))
    except KeyboardInterrupt:
        if run is None:
            print("Left while it was being submitted. `%runs` shows whether there is a new run.")
            return None
        if run.state.final:
            return run
        view.run(run)
        view.leave()
        print(
            f"Stopped watching {run.label}; it goes on. `%run_logs {run.number} -f` watches "
            f"again, `%run_cancel {run.number}` ends it."
        )
        return None
    finally:
        feed.stop()
    return run


def _follow(feed: Feed, view: View, run: Run) -> Run:
    view.run(run)
    while True:
        view.refresh()
        item = feed.next(view.wait_s())
        if isinstance(item, Run):
            run = item
            if run.state.final:
                return run
            view.run(run)
        elif item is not None:
            view.output(item.data)
