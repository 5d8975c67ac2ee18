"""``jupyter mltrain models``: files that were registered under a name."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.cli import parser, table, terminal
from jupyter_mltrain.cli.session import client_of, command, named, print_json
from jupyter_mltrain.cli.show import print_pairs, print_title
from jupyter_mltrain.cli.terminal import plain, say
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import model_files, words
from jupyter_mltrain.errors import FileExists, NoSuchRun, UserError
from jupyter_mltrain.spec import Model
from jupyter_mltrain.wire import ModelRequest

_COLUMNS: Final = (
    table.Column(title="NAME", most=40),
    table.Column(title="VERSION", right=True),
    table.Column(title="SIZE", right=True, leaves=1),
    table.Column(title="FRAMEWORK", leaves=3),
    table.Column(title="MADE", leaves=2),
    table.Column(title=""),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked of models."""
    return _ACTIONS[arguments.action](arguments)


def _ls(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    latest = not arguments.all and arguments.name is None
    found = client.models(arguments.name, tags=parser.tags(arguments.tag), latest=latest)
    if arguments.json:
        print_json(found)
    elif found:
        now = datetime.now(timezone.utc).astimezone()
        rows = [_row(model, now) for model in found]
        print("\n".join(table.lines(_COLUMNS, rows, terminal.columns())))
    elif arguments.name or arguments.tag:
        print(f"No such models. `{command(arguments, 'models ls')}` lists all there are.")
    else:
        example = command(arguments, "models register NAME outputs/model --run 42")
        print(f"No models yet. `{example}` makes one of a run's files.")
    return 0


def _row(model: Model, now: datetime) -> list[table.Cell]:
    return [
        table.Cell(model.name),
        table.Cell(str(model.version)),
        table.Cell(units.size(model.size_bytes)),
        table.Cell(model.framework or ""),
        table.Cell(words.age(model.created_at, now)),
        table.Cell(model.description or ""),
    ]


def _show(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    model = client.model(*split(arguments.name))
    if arguments.json:
        print_json(model)
        return 0
    print(terminal.paint(plain(model.id), terminal.BOLD))
    if model.description:
        print(plain(model.description))
    print()
    print_pairs(_facts(client, model))
    print_title("Files")
    rows = [
        [table.Cell(each.name), table.Cell(units.size(each.size_bytes))] for each in model.files
    ]
    columns = (table.Column(title=""), table.Column(title="", right=True))
    print("\n".join(table.lines(columns, rows, terminal.columns(), titled=False, indent="  ")))
    return 0


def _facts(client: Client, model: Model) -> Iterator[tuple[str, str]]:
    now = datetime.now(timezone.utc).astimezone()
    yield "Made", words.age(model.created_at, now)
    yield "Run", _run_label(client, model)
    yield "Experiment", model.experiment or ""
    yield "Framework", " ".join(filter(None, (model.framework, model.framework_version)))
    yield "Size", f"{units.size(model.size_bytes)} in {units.plural(len(model.files), 'file')}"
    yield (
        "Datasets",
        ", ".join(
            f"{each.label}: {each.dataset or each.dataset_id}"
            + (f":{each.version}" if each.version else "")
            for each in model.datasets
        ),
    )
    yield "Tags", "  ".join(k if v is None else f"{k}={v}" for k, v in model.tags.items())
    yield "Properties", "  ".join(f"{k}={v}" for k, v in model.properties.items())


def _run_label(client: Client, model: Model) -> str:
    if model.run_id is None:
        return ""
    try:
        return client.get(model.run_id).label
    except NoSuchRun:
        return f"{model.run_id}, deleted since"


def _register(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    is_of_run = arguments.run is not None
    made = client.register_model(
        ModelRequest(
            name=arguments.name,
            run=client.get(named(arguments.run)).id if is_of_run else None,
            path=arguments.path if is_of_run else None,
            source=None if is_of_run else str(Path(arguments.path).expanduser().absolute()),
            description=arguments.description,
            tags=parser.tags(arguments.tag),
            framework=arguments.framework,
            framework_version=arguments.framework_version,
        )
    )
    if arguments.json:
        print_json(made)
    else:
        files = units.plural(len(made.files), "file")
        print(f"{plain(made.id)} is registered: {files}, {units.size(made.size_bytes)}.")
    return 0


def _get(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    model = client.model(*split(arguments.name))
    target = Path(arguments.output).expanduser()
    try:
        path = model_files.fetch(client, model, target, overwrite=arguments.force)
    except FileExists as error:
        sentence = error.message.partition(". ")[0]
        raise FileExists(
            f"{plain(sentence)}. Fetch to another folder with -o, or overwrite with --force."
        ) from None
    if arguments.json:
        print_json({"model": model.id, "path": str(Path(path).absolute())})
    else:
        print(f"{plain(path)}  {units.size(model.size_bytes)}")
    return 0


def _rm(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    found = [model for name in arguments.names for model in _meant(client, name)]
    models = list({model.id: model for model in found}.values())
    size = units.size(sum(model.size_bytes for model in models))
    ids = ", ".join(plain(model.id) for model in models)
    if not arguments.yes:
        if not terminal.asks():
            raise UserError(f"Nothing is deleted without --yes: {ids} would be lost, {size}.")
        if not terminal.confirm(f"Delete {ids}, {size} in all? There is no way back."):
            say("Nothing is deleted.")
            return 1
    deleted = [client.delete_model(model.name, model.version) for model in models]
    if arguments.json:
        print_json(deleted)
    else:
        print(f"Deleted {ids}, {size} in all.")
    return 0


def _meant(client: Client, text: str) -> tuple[Model, ...]:
    """The version that is named, or all of the name."""
    name, version = split(text)
    model = client.model(name, version)
    return (model,) if version is not None else client.models(name)


def split(text: str) -> tuple[str, str | None]:
    """Name and version of ``NAME`` or ``NAME:VERSION``."""
    name, _, version = text.partition(":")
    return name, version or None


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "ls": _ls,
    "show": _show,
    "register": _register,
    "get": _get,
    "rm": _rm,
}
