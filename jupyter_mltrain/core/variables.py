"""Notebook variables on their way into a run and back.

References
----------
Pickle protocol 4 is the newest that Python 3.6 and 3.7 read: PEP 574, "Compatibility".
"""

from __future__ import annotations

import io
import json
import pickle
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mltrain.client import Client
from jupyter_mltrain.core import watching
from jupyter_mltrain.errors import NoSuchFile, VariableError, WorkspaceError
from jupyter_mltrain.spec import RunState

_PROTOCOL = 4
REPORT = "variables/out.json"


def stage(workspace: Path, names: Sequence[str], namespace: Mapping[str, Any]) -> dict[str, str]:
    """Write the values of notebook variables to where a submit takes them from.

    Returns
    -------
    dict
        Name -> path.

    Raises
    ------
    VariableError
        A variable is not defined, or its value cannot be pickled.
    WorkspaceError
        The workspace cannot be written.
    """
    missing = [name for name in names if name not in namespace]
    if missing:
        raise VariableError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not defined in this "
            "notebook. Run the cell that defines it first, or leave out -i."
        )
    if not names:
        return {}
    staging = workspace / "staging"
    try:
        # One by one: parents that `mkdir` makes itself are open to everybody.
        workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        staging.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise WorkspaceError(
            f"The workspace {workspace} cannot be written: {error.strerror}. Make it writable for "
            "you, or choose another with MLTRAIN_WORKSPACE."
        ) from None
    staged: dict[str, str] = {}
    try:
        for name in names:
            staged[name] = _dump(name, namespace[name], staging)
    except BaseException:
        discard(staged)
        raise
    return staged


def discard(staged: Mapping[str, str]) -> None:
    """Delete staged values that no submit took."""
    for path in staged.values():
        Path(path).unlink(missing_ok=True)


def _dump(name: str, value: Any, folder: Path) -> str:
    import cloudpickle

    handle, path = tempfile.mkstemp(dir=folder, prefix=f"{name[:40]}-", suffix=".pkl")
    try:
        with open(handle, "wb") as file:
            cloudpickle.dump(value, file, protocol=_PROTOCOL)
    except Exception as error:
        Path(path).unlink()
        raise VariableError(
            f"{name} cannot be carried into the run: {error}. Leave it out of -i and make it in "
            "the cell."
        ) from None
    return path


def fetch(client: Client, run_id: str) -> dict[str, Any]:
    """The variables that a run brings back, once it has ended; see `Run.variables`."""
    run = watching.wait(client, run_id, show_output=False, raise_on_error=False)
    wanted = run.spec.cell.outputs if run.spec.cell else ()
    if not wanted:
        return {}
    try:
        report = json.loads(b"".join(client.read_file(run_id, REPORT)))
    except NoSuchFile:
        if run.state is not RunState.COMPLETED:
            raise watching.failure(run) from None
        raise VariableError(f"{run.label} has kept none of {', '.join(wanted)}.") from None
    found = {}
    for name in wanted:
        about = report["variables"].get(name, {})
        if "bytes" not in about:
            why = about.get("error") or "it was never set"
            if run.state is not RunState.COMPLETED:
                raise watching.failure(run)
            raise VariableError(f"{name} does not come back from {run.label}: {why}")
        data = b"".join(client.read_file(run_id, f"variables/out/{name}.pkl"))
        found[name] = _load(name, data, str(report["python"]))
    return found


def _load(name: str, data: bytes, python: str) -> Any:
    try:
        return pickle.load(io.BytesIO(data))
    except Exception as error:
        here = ".".join(map(str, sys.version_info[:3]))
        raise VariableError(
            f"{name} was pickled by the run's Python {python} and cannot be loaded in this Python "
            f"{here}: {error}. Save it to outputs/ in a format of its own instead."
        ) from None
