"""Models and their files."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.routes.base import RANGE_REPLY, WORKSPACE, Query, Route
from jupyter_mltrain.spec import Model

_MODELS: Final = WORKSPACE + "models"
_MODEL: Final = _MODELS + "/{model}/{version}"

FORWARDED: Final = (
    Route(
        method="GET",
        path=_MODELS,
        about="Versions of models, the one made last first.",
        reply=tuple[Model, ...],
        query=(
            Query(name="name", about="Only of this name."),
            Query(name="run", about="Only those made by the run with this id."),
            Query(name="tag", about="Only with these tags: `key` or `key=value`.", repeated=True),
            Query(name="latest", about='"1": of each name only the newest.'),
            Query(name="brief", about='"1": the first 20 files of each, and how many there are.'),
        ),
    ),
    Route(
        method="POST",
        path=_MODELS,
        about="Register the next version of a model: a copy of a run's files.",
        request=wire.ModelRequest,
        reply=Model,
        status=201,
        action="execute",
    ),
    Route(
        method="GET",
        path=_MODEL,
        about='One version of a model; "latest" is the newest.',
        reply=Model,
    ),
    Route(
        method="POST",
        path=_MODEL,
        about="Change a model's description, tags and properties; its files stay.",
        request=wire.ModelChange,
        reply=Model,
        action="write",
    ),
    Route(
        method="DELETE",
        path=_MODEL,
        about="Delete a version with its files; answers with what it was.",
        reply=Model,
        action="write",
    ),
)

DOWNLOADS: Final = (
    Route(
        method="GET",
        path=_MODEL + "/files/{name}",
        about=f"One of a model's files. {RANGE_REPLY}",
    ),
    Route(
        method="GET",
        path=_MODEL + "/download",
        about=f"A model: its one file, or all of them in one archive. {RANGE_REPLY}",
    ),
)
