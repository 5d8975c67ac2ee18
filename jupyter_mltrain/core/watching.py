"""Waiting for a run, with what it prints."""

from __future__ import annotations

import codecs
import sys

from jupyter_mltrain.client import Client
from jupyter_mltrain.core import addresses, words
from jupyter_mltrain.errors import RunFailed
from jupyter_mltrain.spec import BUILD_LOG, DRIVER_LOG, Run, RunKind, RunState


def wait(client: Client, run_id: str, *, show_output: bool, raise_on_error: bool) -> Run:
    """Follow the run to its end; prints in the form that Azure's SDK prints in.

    Besides, it says what a run that waits is waiting for, and why one that has not completed has
    not.
    """
    logs: dict[str, int] = {}
    if show_output:
        logs = _logs(client.get(run_id))
        print(f"RunId: {run_id}\nWeb View: {addresses.of_run(client, run_id)}")
    run: Run | None = None
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    headed: str | None = None
    shown, attempt = "", 1
    for item in client.follow(run_id, logs):
        if isinstance(item, Run):
            run = item
            if show_output and run.attempt > attempt:
                attempt = run.attempt
                print(f"\n{words.begun_again(run)}\n")
            if show_output and headed is None and run.state.waiting and run.reason != shown:
                shown = run.reason
                print(f"{run.state}: {shown}")
            continue
        if item.log != headed:
            headed = item.log
            title = f"Streaming {item.log}"
            print(f"\n{title}\n{'=' * len(title)}\n")
        sys.stdout.write(decoder.decode(item.data))
        sys.stdout.flush()
    assert run is not None  # the stream ends with the record of the ending
    if show_output:
        print(f"{decoder.decode(b'', True)}\nExecution Summary\n=================\nRunId: {run_id}")
        print(f"Web View: {addresses.of_run(client, run_id)}\n")
        if run.state is not RunState.COMPLETED:
            print(f"{run.state}: {run.reason}\n")
    if raise_on_error and run.state is not RunState.COMPLETED:
        raise failure(run)
    return run


def _logs(run: Run) -> dict[str, int]:
    if run.spec.kind in (RunKind.INTERACTIVE, RunKind.CHILD):
        return {}  # what prints for it prints elsewhere
    return {BUILD_LOG: 0, DRIVER_LOG: 0} if run.spec.environment.is_built else {DRIVER_LOG: 0}


def failure(run: Run) -> RunFailed:
    """The error that a run's ending is, with what to do next."""
    said = f"{run.label} is {run.state}: {run.reason}"
    return RunFailed(f"{said.rstrip('.')}. {run.advice}" if run.advice else said)
