"""Where a person looks at a run or an experiment: JupyterLab's address, else that of its files."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from jupyter_mltrain import workspaces
from jupyter_mltrain.client import Client


class Addressed:
    """What has a page of its own; the constants are Azure's, and lead nowhere here."""

    DELIM: ClassVar[str] = "#"
    EXPERIMENT_ID_PATH: ClassVar[str] = "/experiments/id/{0}"
    EXPERIMENT_NAME_PATH: ClassVar[str] = "/experiments/{0}"
    RUN_PATH: ClassVar[str] = "/runs/{0}"
    TID_FMT: ClassVar[str] = "&tid={0}"
    WORKSPACE_FMT: ClassVar[str] = "?wsid=/subscriptions/{0}/resourcegroups/{1}/workspaces/{2}"

    def get_portal_url(self) -> str:
        """Where it can be looked at: in JupyterLab, or else where its files lie."""
        raise NotImplementedError

    @property
    def portal_url(self) -> str:
        """What `get_portal_url` gives."""
        return self.get_portal_url()

    @classmethod
    def get_docs_url(cls) -> str:
        """Where the class is described: its source, which needs no network to be read."""
        return Path(inspect.getfile(cls)).as_uri()


def of_run(client: Client, run_id: str) -> str:
    """The run's page in the JupyterLab whose kernel this is, else the folder of its files."""
    lab = _lab()
    if lab is None:
        return of_files(client, run_id)
    workspace = workspaces.identify(client.directory).id
    return f"{lab}?mltrain-run={quote(workspace)}/{quote(run_id)}"


def of_experiment(client: Client) -> str:
    """JupyterLab, else the workspace's folder: an experiment is a filter of its runs."""
    return _lab() or Path(client.directory).as_uri()


def of_files(client: Client, run_id: str) -> str:
    """The folder with the run's files."""
    return (Path(client.directory) / "runs" / run_id / "files").as_uri()


def _lab() -> str | None:
    """Address of JupyterLab on the server that has started this kernel, if that is known."""
    server = os.environ.get("JPY_PARENT_PID", "")
    if not server.isdigit():
        return None
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        found = json.loads((Path(jupyter_runtime_dir()) / f"jpserver-{server}.json").read_bytes())
        return str(found["url"]).rstrip("/") + "/lab"
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None  # another program has started the kernel
