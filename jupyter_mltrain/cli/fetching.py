"""``jupyter mltrain get``: files of a run, to a folder here."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from jupyter_mltrain import units
from jupyter_mltrain.cli import terminal
from jupyter_mltrain.cli.session import client_of, named, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import receiving, words
from jupyter_mltrain.errors import FileExists, NoSuchFile, UserError
from jupyter_mltrain.spec import Run, RunFile


def run(arguments: argparse.Namespace) -> int:
    """Fetch them; nothing is fetched when one of them is not there or has no place."""
    client = client_of(arguments)
    found = client.get(named(arguments.name))
    files = choose(client.files(found.id), arguments.wanted, found)
    root = Path(arguments.output).expanduser()
    targets = [target_of(root, file.name) for file in files]
    if not arguments.force:
        _refuse_existing([target for target in targets if os.path.lexists(target)])
    if not found.state.final:
        state = words.state_word(found.state)
        terminal.say(f"{plain(found.label)} is {state}; this is what there is so far.")
    progress = terminal.Progress()
    total = sum(file.size_bytes for file in files)
    done = 0
    written = []
    try:
        for file, target in zip(files, targets, strict=True):
            size = 0
            for count in _fetch(client, found, file.name, target):
                size += count
                progress.show(f"{units.size(done + size)} of {units.size(total)}  {file.name}")
            done += size
            written.append({"name": file.name, "path": str(target.absolute()), "size_bytes": size})
            progress.clear()
            if not arguments.json:
                print(f"{plain(str(target))}  {units.size(size)}", flush=True)
    finally:
        progress.clear()
    if arguments.json:
        print_json(written)
    return 0


def choose(files: Sequence[RunFile], wanted: Sequence[str], run: Run) -> list[RunFile]:
    """The files that are meant: by name, by folder, either also without ``outputs/`` before it.

    Raises
    ------
    NoSuchFile
        Nothing is meant by one of the names, or there are no outputs.
    """
    label = plain(run.label)
    if not wanted:
        kept = [file for file in files if file.name.startswith("outputs/")]
        if not kept:
            raise NoSuchFile(f"{label} has no outputs. {_there_is(files)}")
        return kept
    chosen: dict[str, RunFile] = {}
    for name in wanted:
        for meant in (name, f"outputs/{name}"):
            folder = f"{meant.rstrip('/')}/"
            found = [f for f in files if f.name == meant or f.name.startswith(folder)]
            if found:
                break
        else:
            raise NoSuchFile(f"{label} has no file {name!r}. {_there_is(files)}")
        chosen.update((file.name, file) for file in found)
    return list(chosen.values())


def _there_is(files: Iterable[RunFile]) -> str:
    names = [plain(file.name) for file in files]
    more = " …" if len(names) > 8 else ""
    return f"It has {', '.join(names[:8])}{more}." if names else "It has no files at all."


def target_of(root: Path, name: str) -> Path:
    """Where a file goes, below the folder whatever its name is.

    Raises
    ------
    UserError
        It would lie elsewhere.
    """
    parts = name.split("/")
    target = root.joinpath(*parts)
    if (
        not all(parts)
        or "\0" in name
        or {".", ".."} & set(parts)
        or not target.parent.resolve().is_relative_to(root.resolve())
    ):
        raise UserError(f"The file {name!r} would be written outside {root}. Nothing is fetched.")
    return target


def _refuse_existing(existing: Sequence[Path]) -> None:
    if existing:
        names = ", ".join(plain(str(path)) for path in existing[:3])
        names += f" and {len(existing) - 3} more" if len(existing) > 3 else ""
        verb = "is" if len(existing) == 1 else "are"
        raise FileExists(
            f"{names} {verb} there already. Fetch to another folder with -o, or overwrite with "
            "--force."
        )


def _fetch(client: Client, run: Run, name: str, target: Path) -> Iterable[int]:
    """Fetch one file, which has its name once it is whole; yields how many bytes came."""
    try:
        with receiving.whole(target) as partial, open(partial, "xb") as file:
            for piece in client.read_file(run.id, name):
                file.write(piece)
                yield len(piece)
    except OSError as error:
        raise UserError(f"{plain(str(target))} cannot be written: {error.strerror}.") from None
