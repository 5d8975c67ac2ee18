"""``jupyter mltrain cancel``: end runs."""

from __future__ import annotations

import argparse

from jupyter_mltrain.cli.session import client_of, named, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.core import words


def run(arguments: argparse.Namespace) -> int:
    """Ask each to end; nothing is cancelled when one of them is not there."""
    client = client_of(arguments)
    before = [client.get(named(name)) for name in arguments.names]
    after = [client.cancel(each.id) for each in before]
    if arguments.json:
        print_json(after)
        return 0
    for was, now in zip(before, after, strict=True):
        state = words.state_word(now.state)
        if was.state.final:
            print(f"{plain(now.label)} has ended before: {state}.")
        else:
            print(f"{plain(now.label)}: {state}, {plain(now.reason)}.")
    return 0
