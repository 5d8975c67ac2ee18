"""Real shells: IPython in this process, and a kernel, in a workspace of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import KernelManager
from magics_shells import KERNEL_S, Kernel
from traitlets.config import Config

from jupyter_mltrain.client import Client


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables that lead to a workspace of the tests' own; its service is ended with them."""
    root = tmp_path_factory.mktemp("magics")
    variables = {
        "MLTRAIN_WORKSPACE": str(root / "workspace"),
        "JUPYTER_DATA_DIR": str(root / "data"),
        "JUPYTER_RUNTIME_DIR": str(root / "run"),
        "IPYTHONDIR": str(root / "ipython"),
    }
    yield variables
    with pytest.MonkeyPatch.context() as patch:
        _set(patch, variables)
        client = Client(root / "workspace")
        for run in client.list().runs:
            if not run.state.final:
                client.cancel(run.id)  # left by a test that failed half-way
        client.shutdown()


@pytest.fixture(autouse=True)
def _in_environment(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """For the tests here, and no longer: others have places of their own."""
    _set(monkeypatch, environment)


def _set(patch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        patch.setenv(name, value)
    patch.delenv("JPY_SESSION_NAME", raising=False)


@pytest.fixture
def client(environment: dict[str, str]) -> Iterator[Client]:
    """The tests' own door to the service."""
    client = Client(Path(environment["MLTRAIN_WORKSPACE"]))
    yield client
    client.close()


@pytest.fixture(scope="session")
def _running_kernel(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3")
    with pytest.MonkeyPatch.context() as patch:
        _set(patch, environment)
        manager.start_kernel(cwd=str(tmp_path_factory.mktemp("notebook")))
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=KERNEL_S)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(_running_kernel: Kernel, folder: Path) -> Kernel:
    """A kernel with the extension loaded, in a folder of its own and with no variables."""
    _running_kernel.run(f"%reset -f\nimport os; os.chdir({str(folder)!r})")
    _running_kernel.run("%reload_ext jupyter_mltrain\n")
    return _running_kernel


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the notebook lies; the current directory too."""
    folder = tmp_path / "notebook"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="session")
def _running_shell(environment: dict[str, str]) -> InteractiveShell:
    return InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))


@pytest.fixture
def shell(_running_shell: InteractiveShell, folder: Path) -> Iterator[InteractiveShell]:
    """IPython in this process, with the extension loaded, no variables, in its own folder."""
    from jupyter_mltrain.magics.extension import load, unload

    _running_shell.reset(new_session=False)
    load(_running_shell)
    yield _running_shell
    unload(_running_shell)
