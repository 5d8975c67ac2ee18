"""``jupyter mltrain gc``: make room, oldest ended runs first."""

from __future__ import annotations

import argparse

from jupyter_mltrain import units
from jupyter_mltrain.cli import table, terminal
from jupyter_mltrain.cli.session import client_of, print_json
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.wire import GcReport, GcRequest

_COLUMNS = (
    table.Column(title="#", right=True),
    table.Column(title="RUN"),
    table.Column(title="SIZE", right=True),
)


def run(arguments: argparse.Namespace) -> int:
    """Say what it would take; take it with ``--yes``, or when the answer is yes."""
    client = client_of(arguments)
    keep, age = arguments.keep, arguments.older_than
    would = client.gc(GcRequest(older_than_s=age, keep_bytes=keep, dry_run=True))
    if arguments.json:
        sure = arguments.yes and not arguments.dry_run
        print_json(
            client.gc(GcRequest(older_than_s=age, keep_bytes=keep, dry_run=False))
            if sure
            else would
        )
        return 0
    if not would.runs and not would.blobs and not would.cached:
        print("There is nothing to take.")
        return 0
    _print(would)
    if arguments.dry_run:
        return 0
    what = _what(would)
    if not arguments.yes:
        if not terminal.asks():
            raise UserError(f"Nothing is deleted without --yes: {what} would be lost.")
        if not terminal.confirm(f"Delete {what}? There is no way back."):
            terminal.say("Nothing is deleted.")
            return 1
    took = client.gc(GcRequest(older_than_s=age, keep_bytes=keep, dry_run=False))
    print(f"Deleted {_what(took)}.")
    return 0


def _print(report: GcReport) -> None:
    rows = [
        [
            table.Cell(str(item.number)),
            table.Cell(item.label),
            table.Cell(units.size(item.size_bytes)),
        ]
        for item in report.runs
    ]
    if rows:
        print("\n".join(table.lines(_COLUMNS, rows, terminal.columns())))


def _what(report: GcReport) -> str:
    parts = []
    if report.runs:
        parts.append(units.plural(len(report.runs), "run"))
    if report.blobs:
        parts.append(f"{units.plural(report.blobs, 'stored source file')} that no run needs")
    if report.cached:
        parts.append(f"{units.plural(report.cached, 'cached data file')}")
    return f"{' and '.join(parts) or 'nothing'}, {units.size(report.freed_bytes)} in all"
