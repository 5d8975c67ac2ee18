"""``jupyter mltrain ls``: runs, newest first."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timezone
from itertools import islice

from jupyter_mltrain import units
from jupyter_mltrain.cli import table, terminal
from jupyter_mltrain.cli.session import client_of, command, print_json
from jupyter_mltrain.core import words
from jupyter_mltrain.spec import Run, RunState

_COLUMNS = (
    table.Column(title="#", right=True),
    table.Column(title="STATE"),
    table.Column(title="NAME", most=30),
    table.Column(title="EXPERIMENT", most=24, leaves=2),
    table.Column(title="COMPUTE", most=16, leaves=1),
    table.Column(title="AGE", leaves=3),
    table.Column(title="TIME", right=True, leaves=4),
    table.Column(title=""),
)


def run(arguments: argparse.Namespace) -> int:
    """List them."""
    filters = {
        "experiment": arguments.experiment,
        "state": tuple(arguments.state),
        "tag": tuple(arguments.tag),
        "text": arguments.text,
    }
    most = None if arguments.all else arguments.limit
    page = {} if most is None else {"limit": min(most + 1, 100)}
    found = client_of(arguments).iterate(**filters, **page)
    runs = list(islice(found, most))
    if arguments.json:
        print_json(runs)
        return 0
    if not runs and most != 0:
        print(
            "No run is like that."
            if any(filters.values())
            else f"No runs yet. A first one: {command(arguments, 'demo')}"
        )
        return 0
    now = datetime.now(timezone.utc).astimezone()
    rows = [_row(each, now) for each in runs]
    print("\n".join(table.lines(_COLUMNS, rows, terminal.columns())))
    if next(found, None) is not None:
        terminal.say(f"These are the newest {len(runs)}; --all lists every run.")
    return 0


def _row(run: Run, now: datetime) -> list[table.Cell]:
    return [
        table.Cell(str(run.number)),
        state_cell(run.state),
        table.Cell(run.spec.name or run.spec.experiment),
        table.Cell(run.spec.experiment),
        table.Cell(run.spec.compute),
        table.Cell(words.age(run.created_at, now)),
        table.Cell(units.duration(words.elapsed_s(run, now)) if run.started_at else ""),
        table.Cell("" if run.state is RunState.COMPLETED else words.fact(run, now)),
    ]


def state_cell(state: RunState) -> table.Cell:
    """Shape, word and colour of a state."""
    painted = words.state_title(state, colored=terminal.colored(sys.stdout))
    before, _, after = painted.partition(words.state_title(state))
    text = f"{words.state_shape(state)} {words.state_word(state)}"
    return table.Cell(text, lambda set_text: before + set_text + after)
