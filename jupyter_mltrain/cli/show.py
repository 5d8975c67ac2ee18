"""``jupyter mltrain show``: everything about one run."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from jupyter_mltrain import units
from jupyter_mltrain.cli import sparkline, table, terminal
from jupyter_mltrain.cli.listing import state_cell
from jupyter_mltrain.cli.session import client_of, named, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.core import words
from jupyter_mltrain.spec import MAX_RUN_DURATION_S, GitState, Run, RunFile, RunKind, StateChange

SECRET: Final = re.compile(r"key|token|secret|passw|credential", re.IGNORECASE)
"""Variables whose value is not for everybody who looks over a shoulder."""


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    client = client_of(arguments)
    found = client.get(named(arguments.name))
    history = client.history(found.id)
    metrics = client.metrics(found.id)
    files = client.files(found.id)
    if arguments.json:
        print_json({"run": found, "history": history, "metrics": metrics, "files": files})
        return 0
    now = datetime.now(timezone.utc).astimezone()
    _print_head(found, now)
    print_pairs(_facts(found, now))
    print_title("States")
    _print_history(history, found, now)
    if metrics:
        print_metrics(metrics)
    if files:
        print_files(files)
    if found.warnings:
        print_title("Warnings")
        for warning in found.warnings:
            print(f"  {plain(warning)}")
    return 0


def _print_head(run: Run, now: datetime) -> None:
    cell = state_cell(run.state)
    state = cell.paint(cell.text) if cell.paint else cell.text
    time = f"  {units.duration(words.elapsed_s(run, now))}" if run.started_at else ""
    print(f"{state}  {terminal.paint(plain(run.label), terminal.BOLD)}{time}")
    for sentence in (plain(run.reason), plain(run.advice or "")):
        if sentence and sentence.lower() != run.state.value.lower():
            print(sentence[0].upper() + sentence[1:])
    print()


def _facts(run: Run, now: datetime) -> list[tuple[str, str]]:
    spec = run.spec
    limited = spec.timeout_s != MAX_RUN_DURATION_S
    variables = " ".join(
        f"{name}={'…' if SECRET.search(name) else shlex.quote(value)}"
        for name, value in spec.variables.items()
    )
    return [
        ("Script", shlex.join((spec.script, *spec.arguments)) if spec.script else ""),
        ("Description", run.description or ""),
        ("Experiment", spec.experiment),
        ("Runs on", words.place(run)),
        ("Holds", _lease(run)),
        ("Environment", "" if spec.kind is RunKind.INTERACTIVE else _environment(run)),
        ("Variables", variables),
        ("Source", run.source_directory or ""),
        ("Snapshot", run.snapshot_id or ""),
        ("Git", _git(run.git) if run.git else ""),
        ("Time limit", units.duration(spec.timeout_s) if limited else ""),
        ("Priority", str(spec.priority) if spec.priority else ""),
        ("Tags", " ".join(k if v is None else f"{k}={v}" for k, v in run.tags.items())),
        ("Properties", " ".join(f"{k}={v}" for k, v in run.properties.items())),
        ("Submitted", f"{_instant(run.created_at, now)} by {run.submitted_by}"),
        ("Attempt", str(run.attempt) if run.attempt > 1 else ""),
        ("Exit", _exit(run)),
        ("Used", _used(run)),
        ("Id", run.id),
    ]


def _environment(run: Run) -> str:
    """What it was asked to run in, and what exactly that was."""
    spec, built = run.spec.environment, run.environment
    name = f"{spec.name}:{spec.version}" if spec.version else spec.name
    if built is None or built.kind == "interpreter":
        return f"{name} {spec.interpreter or ''}"
    parts = [built.kind, f"Python {built.python}" if built.python else "", built.image or ""]
    parts += [units.plural(built.packages, "package")] if built.packages else []
    return f"{name} · {' · '.join(filter(None, parts))}"


def _lease(run: Run) -> str:
    held = [
        f"{node.host}: {units.plural(node.lease.cpus, 'CPU')}"
        + (f", GPU {', '.join(map(str, node.lease.gpus))}" if node.lease.gpus else "")
        for node in run.nodes
        if node.lease is not None and not run.state.final
    ]
    return "; ".join(held)


def _git(git: GitState) -> str:
    parts = [git.repository, git.branch, (git.commit or "")[:12]]
    text = "  ".join(part for part in parts if part)
    return f"{text}  with changes that are not committed" if git.dirty else text


def _exit(run: Run) -> str:
    if run.exit is None:
        return ""
    if run.exit.signal is not None:
        return f"signal {run.exit.signal}"
    return "" if run.exit.status is None else f"status {run.exit.status}"


def _used(run: Run) -> str:
    if run.exit is None:
        return ""
    most = units.size(run.exit.max_rss_bytes)
    return f"{units.duration(run.exit.cpu_s)} of CPU time, {most} of memory at most"


def _instant(at: datetime, now: datetime) -> str:
    local = at.astimezone(now.tzinfo)
    return f"{local:%Y-%m-%d %H:%M:%S}, {words.age(at, now)},"


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    shown = [(name, plain(value)) for name, value in pairs if value]
    most = max(len(name) for name, _ in shown)
    for name, value in shown:
        print(f"{terminal.paint(name.ljust(most), terminal.FAINT)}  {value}")


def print_title(title: str) -> None:
    print(f"\n{terminal.paint(title, terminal.BOLD)}")


def _print_history(history: Sequence[StateChange], run: Run, now: datetime) -> None:
    rows = []
    for at, change in enumerate(history):
        until = history[at + 1].at if at + 1 < len(history) else now
        stays = change.state.final or (run.state.final and at + 1 == len(history))
        spent = (until - change.at).total_seconds()
        rows.append(
            [
                table.Cell(f"{change.at.astimezone(now.tzinfo):%H:%M:%S}"),
                state_cell(change.state),
                table.Cell("" if stays else units.duration(spent)),
                table.Cell(change.reason),
            ]
        )
    print("\n".join(_untitled(rows, right=(2,))))


def print_metrics(metrics: Mapping[str, Any]) -> None:
    """Each metric with how it went and where it ended."""
    print_title("Metrics")
    print("\n".join(_untitled([_metric(name, value) for name, value in metrics.items()])))


def _metric(name: str, value: Any) -> list[table.Cell]:
    line, text, count = "", "", ""
    if isinstance(value, list) and value and all(map(_is_number, value)):
        line, text = sparkline.of(value), words.number(value[-1])
        count = units.plural(len(value), "value")
    elif _is_number(value):
        text = words.number(value)
    elif isinstance(value, dict):
        text = f"columns {', '.join(value)}"
    else:
        text = str(value)
    return [table.Cell(name), table.Cell(text), table.Cell(line), table.Cell(count)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def print_files(files: Iterable[RunFile], title: str = "Files") -> None:
    """Names and sizes."""
    print_title(title)
    rows = [[table.Cell(f.name), table.Cell(units.size(f.size_bytes))] for f in files]
    print("\n".join(_untitled(rows, right=(1,), most=100)))


def _untitled(
    rows: Sequence[Sequence[table.Cell]], right: Sequence[int] = (), most: int = 60
) -> list[str]:
    width = len(rows[0]) if rows else 0
    columns = [table.Column(title="", right=at in right, most=most) for at in range(width)]
    return table.lines(columns, rows, terminal.columns(), titled=False, indent="  ")
