"""``%%train``, ``%train``, ``%runs``, ``%run_logs``, ``%run_cancel``."""

# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import Any, Final

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_mltrain.errors import ChecksFailed
from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.plainly import in_kernel, plainly, shown_as
from jupyter_mltrain.magics.session import Session
from jupyter_mltrain.magics.watching import show_card, view_for, watch
from jupyter_mltrain.spec import DRIVER_LOG, Run, RunState
from jupyter_mltrain.wire import SubmitRequest

LAST_RUN: Final = "_run"
"""The notebook variable that holds the run submitted last."""


@magics_class
class TrainMagics(Magics):
    """The magics, over one session of the SDK."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.session = Session()

    # Submitting

    @magic_arguments("%train")
    @options.cell_options
    @cell_magic("train")
    def train_cell(self, line: str, cell: str) -> None:
        """Run the cell as a training run: elsewhere, queued, followed live and kept.

        The cell's text is the run's script. Modules it imports from the notebook's folder travel
        with it. The notebook waits and shows the run; interrupting stops the watching, not the
        run. A run that fails stops Run all.

        Examples::

            %%train --name digits --arg C=0.5 --arg epochs=20 -o model
            from sklearn.datasets import load_digits
            from sklearn.svm import SVC
            X, y = load_digits(return_X_y=True)
            model = SVC(C=C, max_iter=epochs).fit(X, y)

        `--arg C=0.5` is `--C 0.5` in `sys.argv`, for argparse, and besides the variable C with the
        value 0.5: a value is a Python literal where it can be, else a string. Names of Python's
        builtins are in `sys.argv` alone. What stands after ` -- ` goes to `sys.argv` as it is.

            %%train -i df -o model,scores    carries df in, and model and scores out
            %%train --gpus 1 --memory 8GB --timeout 2h
            %%train --pip "xgboost pandas>=2"            installs these, once, and runs there
            %%train --conda environment.yml              the packages of a conda specification
            %%train --image pytorch/pytorch:2.8.0 --pip lightning
            %%train --dockerfile docker/Dockerfile
            %%train --env sklearn:1 --env OMP_NUM_THREADS=2   an environment, and a variable
            %%train --input mnist=mnist:2    a dataset's version, in os.environ["mnist"] as a path
            %%train --background             submits, and the next cell can run at once

        The run is `_run` in the notebook: `_run.variables()` brings what -o named after
        --background or an interrupt, `_run.get_metrics()`, `_run.download_files()` … the rest.
        """
        from jupyter_mltrain.magics import cell_source, requests

        given = options.parse(self.train_cell, line)
        with plainly(self.shell):
            workspace = self.session.workspace()
            namespace = self.shell.user_ns
            directory = workspace.directory
            above = cell_source.lines_above(_sent(self.shell), cell)
            with requests.of_cell(given, line, cell, namespace, directory, above) as (
                request,
                warnings,
            ):
                for warning in warnings:
                    print(f"Warning: {warning}")
                self._submit(given, request)

    @magic_arguments()
    @options.file_options
    @argument(
        "file", metavar="FILE", help="The script or notebook; its folder travels, or --source."
    )
    @line_magic("train")
    def train(self, line: str) -> None:
        """Run a script or a notebook as a training run: elsewhere, queued, followed live and kept.

        Everything in the script's folder travels with it, but for what .amlignore or .gitignore
        leave out. What stands after ` -- ` goes to the script. A notebook is executed from top to
        bottom, with `--arg` as its parameters, and kept among the outputs as it was executed.

        Examples::

            %train train.py --gpus 1 --arg lr=0.01
            %train src/train.py --source . -- --epochs 20 --verbose
            %train train.py --input mnist=mnist:2
            %train explore.ipynb --arg lr=0.01
        """
        from jupyter_mltrain.magics import requests

        given = options.parse(self.train, line)
        with plainly(self.shell):
            self.session.workspace()
            self._submit(given, requests.of_file(given, self.shell.user_ns))

    def _submit(self, given: argparse.Namespace, request: SubmitRequest) -> None:
        from jupyter_mltrain.core.named_inputs import with_data

        client = self.session.workspace().client
        request = with_data(request, client, options.data(given.input))

        def submit() -> Run:
            try:
                return client.submit(request)
            except ChecksFailed as error:
                raise error.forced_by("Add --force") from None

        if given.background:
            run = submit()
            self._begun(run)
            if in_kernel(self.shell):
                show_card(run)
            back = request.spec.cell.outputs if request.spec.cell else ()
            brings = f", `{LAST_RUN}.variables()` brings {', '.join(back)}" if back else ""
            print(
                f"{run.label} is submitted. `%run_logs {run.number} -f` watches it, "
                f"`%run_cancel {run.number}` ends it{brings}."
            )
            return
        view = view_for(self.shell, quiet=given.quiet)
        ended = watch(client, submit, view, begun=self._begun)
        if ended is not None:
            self._finish(ended)

    def _begun(self, run: Run) -> None:
        from jupyter_mltrain.core.run import Run as RunObject

        for warning in run.warnings:
            print(f"Warning: {warning}")
        found = RunObject.get(self.session.workspace(), run.id)
        self.shell.push({LAST_RUN: found}, interactive=False)

    def _finish(self, run: Run) -> None:
        """Give the notebook what the run made; raises `RunFailed` if it did not complete."""
        from jupyter_mltrain.core import variables, watching
        from jupyter_mltrain.core.words import canceled_reason, state_word
        from jupyter_mltrain.magics import results

        client = self.session.workspace().client
        if in_kernel(self.shell):
            results.show_figures(client, run)
        else:
            results.name_figures(client, run)
        if run.state is not RunState.COMPLETED:
            word = state_word(run.state).lower()
            # A terminal has the line about the ending already; Run all needs the error.
            text = f"{run.label} {word}: {canceled_reason(run)}" if in_kernel(self.shell) else ""
            raise shown_as(watching.failure(run), text)
        if run.spec.cell and run.spec.cell.outputs:
            values = variables.fetch(client, run.id)
            self.shell.push(values)
            print(results.described(values))

    # Looking and ending

    @magic_arguments()
    @argument(
        "-n", metavar="N", type=options.whole, default=20, help="How many; by default %(default)s."
    )
    @argument("--all", action="store_true", help="All of them.")
    @argument("--state", metavar="STATE", help="Only runs in this state: Failed, Running …")
    @argument("--experiment", metavar="NAME", help="Only runs of this experiment.")
    @line_magic
    def runs(self, line: str) -> None:
        """List the workspace's runs, newest first.

        Examples::

            %runs
            %runs --experiment digits --state Failed
        """
        from itertools import islice

        from jupyter_mltrain.magics.plainly import in_color
        from jupyter_mltrain.magics.table import EMPTY, table

        given = options.parse(self.runs, line)
        with plainly(self.shell):
            client = self.session.workspace().client
            found = client.iterate(
                experiment=given.experiment,
                state=_state(given.state),
                limit=None if given.all else max(1, given.n),
            )
            listed = list(found if given.all else islice(found, max(1, given.n)))
            if listed:
                now = datetime.now(timezone.utc)
                print(table(listed, now, colored=in_color(self.shell)))
            elif given.experiment or given.state:
                print("No such runs. `%runs` lists all there are.")
            else:
                print(EMPTY)

    @magic_arguments()
    @argument("--tail", metavar="N", type=options.whole, help="Only the last N lines.")
    @argument("--file", metavar="NAME", default=DRIVER_LOG, help="Another file: logs/train.txt.")
    @argument("-f", "--follow", action="store_true", help="Go on as it grows, until the run ends.")
    @argument("run", metavar="RUN", help="The run's number, name or id.")
    @line_magic
    def run_logs(self, line: str) -> None:
        """Show what a run has printed, or another of its text files.

        Examples::

            %run_logs 42
            %run_logs 42 -f
            %run_logs digits --file logs/train.txt --tail 100
        """
        from jupyter_mltrain.magics import logs

        given = options.parse(self.run_logs, line)
        with plainly(self.shell):
            client = self.session.workspace().client
            run = client.get(_name(given.run))
            if given.follow:
                view = view_for(self.shell)
                watch(client, lambda: client.get(run.id), view, log=given.file)
                return
            text = logs.tail(client, run, given.file, given.tail)
            print(text, end="" if text.endswith("\n") else "\n")

    @magic_arguments()
    @argument("runs", metavar="RUN", nargs="+", help="Numbers, names or ids.")
    @line_magic
    def run_cancel(self, line: str) -> None:
        """End runs: first they are asked to (SIGTERM), then nothing of them is left.

        Examples::

            %run_cancel 42
        """
        given = options.parse(self.run_cancel, line)
        with plainly(self.shell):
            client = self.session.workspace().client
            for name in given.runs:
                before = client.get(_name(name))
                run = client.cancel(before.id)
                if before.state.final:
                    print(f"{run.label} had ended before: {run.state}.")
                else:
                    print(f"{run.label} is being canceled; what it wrote is kept.")


def _sent(shell: Any) -> str:
    """The cell as the user sent it, or some other text where that is not known."""
    if in_kernel(shell):
        parent = shell.get_parent() or {}
        return str(parent.get("content", {}).get("code", ""))
    sent = shell.history_manager.input_hist_raw if shell.history_manager is not None else []
    return str(sent[-1]) if sent else ""


def _name(text: str) -> str:
    """A run as people write it: ``42``, ``#42``, ``digits #42``."""
    return text.rpartition("#")[2] if text.rpartition("#")[2].isdecimal() else text


def _state(text: str | None) -> str | None:
    if text is None:
        return None
    for state in RunState:
        if state.value.lower() == text.lower():
            return state.value
    known = ", ".join(state.value for state in RunState)
    raise UsageError(f"{text!r} is no state. There are {known}.")
