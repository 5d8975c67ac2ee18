"""``jupyter mltrain compute``: where runs execute."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.cli import table, terminal
from jupyter_mltrain.cli.session import client_of, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.spec import Capacity, ComputeStatus
from jupyter_mltrain.wire import AttachRequest

_COLUMNS: Final = (
    table.Column(title="NAME", most=30),
    table.Column(title="KIND", leaves=2),
    table.Column(title="STATE"),
    table.Column(title="IN USE", leaves=1),
    table.Column(title=""),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked of compute targets."""
    return _ACTIONS[arguments.action](arguments)


def _ls(arguments: argparse.Namespace) -> int:
    found = client_of(arguments).computes()
    if arguments.json:
        print_json(found)
        return 0
    print("\n".join(table.lines(_COLUMNS, list(map(_row, found)), terminal.columns())))
    return 0


def _row(compute: ComputeStatus) -> list[table.Cell]:
    leases = compute.leases.values()
    parts = [f"{sum(each.cpus for each in leases)} of {_cpus(compute.capacity)}"]
    if compute.capacity.gpus:
        held = sum(len(each.gpus) for each in leases)
        parts.append(f"{held} of {units.plural(len(compute.capacity.gpus), 'GPU')}")
    state = table.Cell("✓ There") if compute.unreachable is None else table.Cell("… Unreachable")
    return [
        table.Cell(compute.name),
        table.Cell(compute.kind),
        state,
        table.Cell(", ".join(parts)),
        table.Cell(compute.unreachable or compute.url or "this machine"),
    ]


def _cpus(capacity: Capacity) -> str:
    return units.plural(capacity.cpus, "CPU")


def _add(arguments: argparse.Namespace) -> int:
    added = client_of(arguments).attach(
        AttachRequest(
            name=arguments.name,
            url=arguments.url,
            cpus=arguments.cpus,
            memory_bytes=arguments.memory,
            gpus=arguments.gpus,
        )
    )
    if arguments.json:
        print_json(added)
        return 0
    has = [_cpus(added.capacity), f"{units.asked_size(added.capacity.memory_bytes)} of memory"]
    if added.capacity.gpus:
        has.insert(1, units.plural(len(added.capacity.gpus), "GPU"))
    print(f"{plain(added.name)} is attached, with {', '.join(has)}.")
    print(f"Run there: --image IMAGE --compute {plain(added.name)}")
    return 0


def _rm(arguments: argparse.Namespace) -> int:
    removed = client_of(arguments).detach(arguments.name)
    if arguments.json:
        print_json(removed)
    else:
        print(f"{plain(removed.name)} is removed; the engine at {removed.url} stays as it is.")
    return 0


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "ls": _ls,
    "add": _add,
    "rm": _rm,
}
