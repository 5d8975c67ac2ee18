"""The folders that Dockerfiles copy from: kept as snapshots, so that a definition never changes."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from jupyter_mltrain.environments import context, dockerfile
from jupyter_mltrain.spec import EnvironmentSpec
from jupyter_mltrain.store.snapshots import Snapshots


def is_folder(spec: EnvironmentSpec) -> bool:
    """Whether the definition still names a folder, and `kept` has something to do."""
    image = spec.image
    return image is not None and image.context is not None and Path(image.context).is_absolute()


def kept(spec: EnvironmentSpec, snapshots: Snapshots) -> EnvironmentSpec:
    """The definition with the id of a snapshot in place of the folder. For a thread.

    Only of what the Dockerfile can copy: without COPY and ADD there is no context at all, so that
    the folder does not matter to what is built.

    Raises
    ------
    SnapshotError
        The folder is not there, cannot be read or is too large.
    InvalidSpec
        The Dockerfile is none; the sentence shows the line.
    """
    image = spec.image
    if image is None or image.context is None or not is_folder(spec):
        return spec
    folder = Path(image.context)
    names = context.chosen(folder, dockerfile.parse(image.dockerfile or ""))
    taken = snapshots.take(folder, names).id if names else None
    return replace(spec, image=replace(image, context=taken))
