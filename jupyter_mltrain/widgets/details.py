"""`RunDetails`: a run's card wherever a cell asks for it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from IPython import get_ipython

from jupyter_mltrain.core.run import Run
from jupyter_mltrain.magics import session
from jupyter_mltrain.magics.plainly import in_kernel

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace


class RunDetails:
    """Shows one run, and follows it while the notebook goes on.

    References
    ----------
    `azureml.widgets.RunDetails` of Azure ML's SDK v1.
    """

    def __init__(
        self, run_instance: Run | str | int, *, workspace: Workspace | None = None
    ) -> None:
        """Take a run, or its id, number or name in a workspace, by default the current one.

        Raises
        ------
        NoSuchRun
            There is none.
        """
        if not isinstance(run_instance, Run):
            run_instance = Run.get(workspace or session.current(), str(run_instance))
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show the card, and return at once; in a terminal it is text, as of now.

        Parameters
        ----------
        render_lib, widget_settings
            Passed over: Azure's code may give them.
        """
        shell = get_ipython()
        if shell is None or not in_kernel(shell):
            print(self._text())
            return
        from jupyter_mltrain.magics.views import CardView
        from jupyter_mltrain.magics.watching import accompany

        accompany(self._run.experiment.workspace.client, self._run.record, CardView())

    def _text(self) -> str:
        from jupyter_mltrain.magics import logs
        from jupyter_mltrain.magics.card_text import card
        from jupyter_mltrain.spec import DRIVER_LOG

        client, record = self._run.experiment.workspace.client, self._run.record
        files = client.files(record.id)
        printed = any(file.name == DRIVER_LOG for file in files)
        tail = logs.tail(client, record, DRIVER_LOG, None) if printed else ""
        now, metrics = datetime.now(timezone.utc), client.metrics(record.id)
        return card(record, tail, now, metrics=metrics, files=files)

    def get_widget_data(self, widget_settings: Any = None) -> dict[str, Any]:
        """What the card is made of, in Azure's keys."""
        details = self._run.get_details()
        return {
            "run_id": self._run.id,
            "status": details["status"],
            "run_properties": details,
            "run_metrics": self._run.get_metrics(),
            "child_runs": [child.get_details() for child in self._run.get_children()],
            "workbench_run_details_uri": self._run.get_portal_url(),
        }

    def _ipython_display_(self) -> None:
        self.show()

    def __repr__(self) -> str:
        return f"RunDetails({self._run.id!r})"
