"""``jupyter mltrain datasets``: the data that runs take."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.cli import parser, table, terminal
from jupyter_mltrain.cli.session import client_of, command, print_json, workspace_of
from jupyter_mltrain.cli.show import print_pairs, print_title
from jupyter_mltrain.cli.terminal import plain, say
from jupyter_mltrain.core import data_access, words
from jupyter_mltrain.core.datastore import Datastore
from jupyter_mltrain.core.file_dataset import FileDatasetFactory
from jupyter_mltrain.core.named_inputs import split
from jupyter_mltrain.core.workspace import Workspace
from jupyter_mltrain.errors import DataUnavailable, UserError
from jupyter_mltrain.spec import Dataset
from jupyter_mltrain.wire import DatasetDetails

_COLUMNS: Final = (
    table.Column(title="NAME", most=40),
    table.Column(title="VERSION", right=True),
    table.Column(title="KIND", leaves=2),
    table.Column(title="REGISTERED", leaves=1),
    table.Column(title=""),
)
_FILES: Final = (
    table.Column(title="FILE", most=80),
    table.Column(title="SIZE", right=True),
    table.Column(title=""),
)
_MOST: Final = 20
"""Files that `show` lists."""


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked of datasets."""
    return _ACTIONS[arguments.action](arguments)


def _ls(arguments: argparse.Namespace) -> int:
    found = client_of(arguments).datasets()
    if arguments.json:
        print_json(found)
        return 0
    if not found:
        say(f"No datasets yet. `{command(arguments, 'datasets upload NAME FOLDER')}` makes one.")
        return 0
    now = datetime.now(timezone.utc).astimezone()
    rows = [
        [
            table.Cell(each.name),
            table.Cell(str(each.version)),
            table.Cell("table" if each.spec.read else "files"),
            table.Cell(words.age(each.registered_at, now)),
            table.Cell(_source(each)),
        ]
        for each in found
    ]
    print("\n".join(table.lines(_COLUMNS, rows, terminal.columns())))
    return 0


def _source(dataset: Dataset) -> str:
    first, *others = (_typed(each.url, each.datastore, each.path) for each in dataset.spec.paths)
    return f"{first} and {units.plural(len(others), 'other')}" if others else first


def _typed(url: str | None, datastore: str | None, path: str) -> str:
    """A place as it is typed after `register`."""
    return url or f"{datastore}:{path}"


def _show(arguments: argparse.Namespace) -> int:
    workspace = workspace_of(arguments)
    name, version = split(arguments.name)
    versions = workspace.client.dataset_versions(name)
    dataset = workspace.client.dataset(name, version)
    if arguments.json:
        print_json(DatasetDetails(name=name, versions=versions))
        return 0
    now = datetime.now(timezone.utc).astimezone()
    print_title(f"{dataset.name}:{dataset.version}")
    others = [str(each.version) for each in versions if each.version != dataset.version]
    print_pairs(
        (
            ("Description", dataset.description or ""),
            ("Kind", _kind(dataset)),
            *(("From", _typed(each.url, each.datastore, each.path)) for each in dataset.spec.paths),
            ("Steps", ", ".join(next(iter(step)) for step in dataset.spec.steps)),
            ("Tags", " ".join(k if v is None else f"{k}={v}" for k, v in dataset.tags.items())),
            ("Registered", words.age(dataset.registered_at, now)),
            ("Versions", f"also {units.listed(others)}" if others else ""),
            ("Id", dataset.id),
        )
    )
    try:
        files = data_access.files(dataset.spec, workspace)
    except DataUnavailable as error:
        say(plain(error.message))
        return 1
    sizes = [each.entry.size_bytes for each in files]
    known = [size for size in sizes if size is not None]
    total = f", {units.size(sum(known))}" if len(known) == len(sizes) else ""
    print(f"\n{units.plural(len(files), 'file')}{total}")
    rows = [
        [
            table.Cell(each.name),
            table.Cell("" if size is None else units.size(size)),
            table.Cell(""),
        ]
        for each, size in list(zip(files, sizes, strict=True))[:_MOST]
    ]
    print("\n".join(table.lines(_FILES, rows, terminal.columns(), titled=False, indent="  ")))
    if len(files) > _MOST:
        print(f"  … and {len(files) - _MOST} more")
    return 0


def _kind(dataset: Dataset) -> str:
    read = dataset.spec.read
    return f"table, {str(read['format']).replace('_', ' ')}" if read else "files"


def _register(arguments: argparse.Namespace) -> int:
    workspace = workspace_of(arguments)
    places = _places(workspace, arguments.name, arguments.sources)
    return _keep(arguments, workspace, places)


def _keep(arguments: argparse.Namespace, workspace: Workspace, places: Sequence[object]) -> int:
    dataset = FileDatasetFactory.from_files(list(places)).register(
        workspace,
        arguments.name,
        arguments.description,
        parser.tags(arguments.tag),
        create_new_version=True,
    )
    if arguments.json:
        print_json(workspace.client.dataset(arguments.name, dataset.version))
        return 0
    print(f"{plain(arguments.name)}:{dataset.version} is registered.")
    say(f"Use it: {command(arguments, f'submit --input data={arguments.name} train.py')}")
    return 0


def _places(workspace: Workspace, name: str, sources: Sequence[str]) -> list[object]:
    """What each source is to `Dataset.File.from_files`."""
    local = [source for source in sources if _is_local(source)]
    paths = [Path(source).expanduser().resolve() for source in local]
    for source, path in zip(local, paths, strict=True):
        if not path.exists():
            raise UserError(
                f"{source!r} is not there. Name a URL, a folder or file of this machine, or "
                "DATASTORE:PATH."
            )
    found: list[object] = []
    if paths:
        root = Path(os.path.commonpath([p if p.is_dir() else p.parent for p in paths]))
        store = Datastore.register(workspace, _store_name(name), root)
        found = [(store, path.relative_to(root).as_posix()) for path in paths]
    for source in sources:
        if source in local:
            continue
        name, _, rest = source.partition(":")
        is_url = source.startswith(("http://", "https://"))
        found.append(source if is_url else (Datastore.get(workspace, name), rest))
    return found


def _is_local(source: str) -> bool:
    if source.startswith(("http://", "https://")):
        return False
    name, colon, _ = source.partition(":")
    if not colon or Path(source).expanduser().exists():
        return True
    return "/" in name


def _store_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "local"


def _upload(arguments: argparse.Namespace) -> int:
    workspace = workspace_of(arguments)
    given = arguments.datastore
    store = Datastore.get(workspace, given) if given else Datastore.get_default(workspace)
    source = Path(arguments.source).expanduser()
    target = arguments.to or _store_name(arguments.name)
    told = not (arguments.quiet or arguments.json)
    if source.is_dir():
        place = target
        store.upload(source, target, arguments.overwrite, told)
    elif source.is_file():
        place = f"{target}/{source.name}"
        store.upload_files([source], None, target, arguments.overwrite, told)
    else:
        raise UserError(f"{arguments.source!r} is not there. Name a folder or file to upload.")
    return _keep(arguments, workspace, [(store, place)])


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "ls": _ls,
    "show": _show,
    "register": _register,
    "upload": _upload,
}
