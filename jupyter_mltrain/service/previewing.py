"""What a submit would do: what it ships, what it leaves out, why it would be refused."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Final

from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.service.submitting import gpu_warnings, report
from jupyter_mltrain.service.trees import FolderTree, SnapshotTree, Tree
from jupyter_mltrain.spec import Built
from jupyter_mltrain.store.listing import escaped
from jupyter_mltrain.store.snapshots import Look, Snapshots
from jupyter_mltrain.wire import Preview, SnapshotFile, SubmitRequest

_NAMED: Final = 100
"""Most files, and most paths left out, that a preview names."""


def preview(
    snapshots: Snapshots,
    request: SubmitRequest,
    gpus: int,
    environments: Environments,
    built: Built | None = None,
    refusal: MltrainError | None = None,
) -> Preview:
    """Look at what a request would ship; nothing is stored. For a thread.

    Parameters
    ----------
    gpus
        How many the compute target has.
    built
        What its environment was made into; `None` when it is not yet.
    refusal
        Why the request would be refused whatever it ships.
    """
    errors = [] if refusal is None else [refusal.message]
    try:
        look, tree = _look(snapshots, request)
    except MltrainError as error:
        return Preview(files=(), total=0, total_bytes=0, errors=(*errors, error.message))
    warnings = list(look.warnings)
    try:
        found = report(tree, request.spec, built, environments, force=request.force)
        errors += found.errors
        warnings += found.warnings
        if request.spec.script in tree.names and not request.force:
            warnings += gpu_warnings(request, tree, gpus)
    except MltrainError as error:
        errors.append(error.message)
    first = heapq.nsmallest(_NAMED, look.sizes.items(), key=lambda file: (-file[1], file[0]))
    return Preview(
        files=tuple(SnapshotFile(name=escaped(name), size_bytes=size) for name, size in first),
        total=len(look.sizes),
        total_bytes=sum(look.sizes.values()),
        ignored=tuple(map(escaped, look.ignored[:_NAMED])),
        ignored_total=len(look.ignored),
        warnings=tuple(warnings),
        errors=tuple(errors),
    )


def _look(snapshots: Snapshots, request: SubmitRequest) -> tuple[Look, Tree]:
    source = request.source
    if source.snapshot is not None:
        entries = snapshots.manifest(source.snapshot).files
        look = Look({entry.path: entry.size for entry in entries}, (), ())
        return look, SnapshotTree(snapshots, source.snapshot, source.directory)
    directory = Path(source.directory) if source.directory is not None else None
    look = snapshots.look(directory, source.include, source.inline)
    return look, FolderTree(look.sizes.keys(), source.directory, source.inline)
