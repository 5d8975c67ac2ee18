"""Where a JupyterLab of the browser tests lives: folders, notebooks and a workspace of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from jupyterlab_process import JupyterLab, free_port
from nbformat.v4 import new_code_cell, new_notebook

import jupyter_mltrain
from jupyter_mltrain import Experiment, Run, ScriptRunConfig, Workspace, workspaces

BUILT = Path(jupyter_mltrain.__file__).parent / "labextension"

_numbers = count(1)

_SETTINGS = {
    # Nobody is asked about news, and nothing looks for updates.
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


class Place:
    """A folder with everything that JupyterLab needs, and a server that can be restarted."""

    def __init__(self, root: Path, *, base_url: str = "/", cpus: int = 16) -> None:
        self.root = root
        self.folder = root / "home"
        self.folder.mkdir()
        self.base_url = base_url
        self.port = free_port()
        self.workspace = Workspace.at(root / "workspace")
        (root / "workspace").mkdir()
        (root / "workspace" / "settings.json").write_text(json.dumps({"cpus": cpus}))
        self.environment: Mapping[str, str] = {
            **{name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
            "MLTRAIN_WORKSPACE": str(root / "workspace"),
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
            "JUPYTER_CONFIG_DIR": str(root / "config"),
            "IPYTHONDIR": str(root / "ipython"),
        }
        for name, settings in _SETTINGS.items():
            file = root / "config" / "lab" / "user-settings" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(settings))
        assert (BUILT / "package.json").is_file(), "The front end is not built: make front-end"
        # As it is now: building it anew does not take it away from under the pages.
        shutil.copytree(BUILT, root / "labextensions" / "jupyter-mltrain")
        self.server = self._start()

    def _start(self) -> JupyterLab:
        return JupyterLab(
            self.folder,
            self.root / "lab.log",
            environment=self.environment,
            base_url=self.base_url,
            port=self.port,
            options=[
                "--LabApp.expose_app_in_browser=True",
                f"--LabApp.extra_labextensions_path={self.root / 'labextensions'}",
            ],
        )

    @property
    def url(self) -> str:
        """Where JupyterLab answers, with a slash at the end."""
        return self.server.url

    def restart_server(self) -> None:
        """Stop JupyterLab with its kernels and start it again at the same address."""
        self.server.stop()
        self.server = self._start()

    def kill_service(self) -> None:
        """``kill -9`` the service of the workspace."""
        os.kill(self.workspace.client.status().pid, signal.SIGKILL)

    def notebook(self, name: str, *cells: str) -> str:
        """Write a notebook; returns its path as JupyterLab names it."""
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        }
        nbformat.write(notebook, self.folder / f"{name}.ipynb")
        return f"{name}.ipynb"

    def submit(
        self, name: str, code: str = "print('done')", *, experiment: str = "tests", **options: Any
    ) -> Run:
        """Submit a script from here, as another notebook or a terminal would."""
        source = self.root / "sources" / f"{name}-{next(_numbers)}"
        source.mkdir(parents=True)
        (source / "train.py").write_text(code)
        config = ScriptRunConfig(source, "train.py", name=name, **options)
        return Experiment(self.workspace, experiment).submit(config)

    def gate(self, name: str) -> Gate:
        """Something that a script waits for until the test lets it go on."""
        return Gate(self.root / f"gate-{name}-{next(_numbers)}")

    def file(self, name: str, text: str) -> str:
        """Write a file; returns its path as JupyterLab names it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    def cancel_everything(self) -> None:
        """No run goes on after this."""
        if workspaces.endpoint(self.workspace.directory) is None:
            return
        client = self.workspace.client
        for run in client.iterate():
            if not run.state.final:
                client.cancel(run.id)
                for _ in client.follow(run.id):
                    pass

    def close(self) -> None:
        """Stop the server and the service, and cancel what runs."""
        self.server.stop()
        self.cancel_everything()
        if workspaces.endpoint(self.workspace.directory) is not None:
            self.workspace.client.shutdown()


class Gate:
    """A place in a script where it waits until the test opens the gate."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.code = (
            "import pathlib, time\n"
            f"while not pathlib.Path({str(path)!r}).exists(): time.sleep(0.01)"
        )
        """Lines that wait, to stand at the left margin of a script."""

    def open(self) -> None:
        """Let the script go on."""
        self._path.touch()


def short_folder() -> Path:
    """A new folder with so short a path that sockets below it have room for their names."""
    return Path(tempfile.mkdtemp(prefix="mlt-ui-", dir="/tmp"))


@contextmanager
def a_place(root: Path, *, base_url: str = "/", cpus: int = 16) -> Iterator[Place]:
    """A place that is gone afterwards, whatever happens."""
    place = Place(root, base_url=base_url, cpus=cpus)
    try:
        yield place
    finally:
        place.close()
        shutil.rmtree(root, ignore_errors=True)
