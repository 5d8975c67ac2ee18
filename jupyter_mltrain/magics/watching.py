"""Following a run from a cell, until it ends or the user has seen enough."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING

from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.magics.plainly import in_color, in_kernel
from jupyter_mltrain.spec import BUILD_LOG, DRIVER_LOG, Run
from jupyter_mltrain.wire import MetricsFrame

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


def show_card(run: Run) -> None:
    """Show a run's card as it is now; JupyterLab's goes on by itself."""
    from jupyter_mltrain.magics.views import CardView

    view = CardView()
    view.run(run)
    view.refresh()


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


def _follow(feed: Feed, view: View, run: Run, stopped: Event | None = None) -> Run:
    view.run(run)
    while stopped is None or not stopped.is_set():
        view.refresh()
        item = feed.next(view.wait_s())
        if isinstance(item, Run):
            run = item
            if run.state.final:
                return run
            view.run(run)
        elif isinstance(item, MetricsFrame):
            view.metrics(item.points)
        elif item is not None and item.log == BUILD_LOG:
            view.building(item.data)
        elif item is not None:
            view.output(item.data)
    return run


def accompany(client: Client, run: Run, view: View) -> Callable[[], None]:
    """Show a run to its end while the caller goes on; returns what stops the showing.

    The first sight of it is there when this returns, so that it is where the caller is.
    """
    from jupyter_mltrain.magics.feed import Feed

    stopped = Event()
    if run.state.final:
        _show_ended(client, run, view)
        return stopped.set
    view.run(run)
    view.refresh()
    feed = Feed(client, lambda: client.get(run.id), (DRIVER_LOG,))

    def show() -> None:
        feed.start()
        try:
            first = feed.first()
            ended = first and _follow(feed, view, first, stopped)
            if ended is not None and ended.state.final and not stopped.is_set():
                view.end(ended, client.metrics(ended.id), client.files(ended.id))
        except MltrainError as error:  # it was deleted, or its service does not come back
            view.leave()
            print(f"{run.label} is not watched any longer: {error.message}")
        finally:
            feed.stop()

    Thread(target=show, name="mltrain-card", daemon=True).start()
    return stopped.set


def _show_ended(client: Client, run: Run, view: View) -> None:
    """Show a run that has ended before anybody looked."""
    from jupyter_mltrain.magics import logs

    files = client.files(run.id)
    if any(file.name == DRIVER_LOG for file in files):
        view.output(logs.tail(client, run, DRIVER_LOG, None).encode())
    view.end(run, client.metrics(run.id), files)
