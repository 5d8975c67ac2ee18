"""``jupyter mltrain demo``: the digits example from submit to kept outputs."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import jupyter_mltrain
from jupyter_mltrain.cli import terminal, watching
from jupyter_mltrain.cli.session import client_of, command
from jupyter_mltrain.cli.show import print_files, print_metrics
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import words
from jupyter_mltrain.core.script_run_config import ScriptRunConfig
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import Run

_NEEDS: Final = {"sklearn": "scikit-learn", "matplotlib": "matplotlib", "joblib": "joblib"}


def run(arguments: argparse.Namespace) -> int:
    """Submit it, show its output, its metrics and its files, and say what to do next."""
    missing = [pip for name, pip in _NEEDS.items() if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"The demo trains with {', '.join(missing)}, not installed here. Install it: "
            f"pip install {' '.join(missing)}"
        )
    client = client_of(arguments)
    record = _submit(client)
    print(f"{record.label} is submitted to the workspace {client.directory}.\n", flush=True)
    ended = watching.watch(arguments, client, record)
    print()
    print(watching.ending(client, ended, sys.stdout))
    metrics = client.metrics(ended.id)
    if metrics:
        print_metrics(metrics)
    outputs = words.outputs(client.files(ended.id))
    if outputs:
        print_files(outputs, "Outputs")
    _print_next(arguments, ended)
    return watching.exit_status(ended)


def _submit(client: Client) -> Run:
    # A copy: what is shipped is a plain folder, whatever lies around the example.
    with tempfile.TemporaryDirectory(prefix="mltrain-demo-") as folder:
        source = Path(folder) / "digits"
        shutil.copytree(example(), source)
        config = ScriptRunConfig(source, "train.py", name="digits")
        return client.submit(config.request("digits"))


def example() -> Path:
    """The folder of the digits example: in the package, or beside it in a checkout."""
    package = Path(jupyter_mltrain.__file__).parent
    for root in (package, package.parent):
        folder = root / "examples" / "digits"
        if (folder / "train.py").is_file():
            return folder
    raise UserError("The digits example is not installed here. Install jupyter_mltrain again.")


def _print_next(arguments: argparse.Namespace, run: Run) -> None:
    lines = (
        (f"get {run.number}", "fetch the outputs to ./outputs"),
        (f"show {run.number}", "everything about this run"),
        ("ls", "all runs"),
        ("submit --wait train.py", "a script of yours"),
    )
    commands = [(command(arguments, rest), what) for rest, what in lines]
    most = max(len(text) for text, _ in commands)
    print(f"\n{terminal.paint('Next', terminal.BOLD)}")
    for text, what in commands:
        print(f"  {text:<{most}}  {what}")
    print("  In a notebook: %load_ext jupyter_mltrain, then %%train at the top of a cell")
