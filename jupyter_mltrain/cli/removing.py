"""``jupyter mltrain rm``: delete ended runs."""

from __future__ import annotations

import argparse

from jupyter_mltrain import units
from jupyter_mltrain.cli import terminal
from jupyter_mltrain.cli.session import client_of, command, named, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import words
from jupyter_mltrain.errors import UserError, WrongState
from jupyter_mltrain.spec import Run


def run(arguments: argparse.Namespace) -> int:
    """Say what is lost, ask once, delete. Nothing is deleted when one of them cannot be."""
    client = client_of(arguments)
    runs = list({each.id: each for each in map(client.get, map(named, arguments.names))}.values())
    for each in runs:
        if not each.state.final:
            raise WrongState(
                f"{plain(each.label)} is {words.state_word(each.state)}; only an ended run can be "
                f"deleted. End it first: {command(arguments, f'cancel {each.number}')}"
            )
    if not arguments.yes:
        lost = _lost(client, runs)
        if not terminal.asks():
            raise UserError(f"Nothing is deleted without --yes: {lost} would be lost.")
        if not terminal.confirm(f"Delete {lost}? There is no way back."):
            terminal.say("Nothing is deleted.")
            return 1
    deleted = [client.delete(each.id) for each in runs]
    if arguments.json:
        print_json(deleted)
        return 0
    for each in deleted:
        print(f"{plain(each.label)} is deleted.")
    return 0


def _lost(client: Client, runs: list[Run]) -> str:
    """What goes with the runs, in words."""
    kept = [file for each in runs for file in client.files(each.id)]
    outputs = words.outputs(kept)
    names = ", ".join(plain(each.label) for each in runs[:5])
    if len(runs) > 5:
        names = f"{len(runs)} runs ({names} …)"
    size = units.size(sum(file.size_bytes for file in kept))
    return f"{names} with {units.plural(len(outputs), 'output')} and the logs, {size} in all"
