"""Ending the service of a workspace that a test has used."""

from __future__ import annotations

from waiting import wait_until_gone

from jupyter_mltrain import Workspace


def end_service(workspace: Workspace) -> None:
    """Cancel what still runs, end the service, and wait until its process is gone."""
    client = workspace.client
    for run in client.iterate():
        if not run.state.final:
            client.cancel(run.id)
            for _ in client.follow(run.id):
                pass
    pid = client.status().pid
    client.shutdown()
    wait_until_gone(pid)
