"""Writes ``openapi.json`` beside itself: ``python docs/generate_openapi.py``.

It comes from the table of routes in `jupyter_mltrain.server.routes` and the types of
`jupyter_mltrain.wire`; a test fails when it is stale.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from jupyter_mltrain import wire
from jupyter_mltrain._version import __version__
from jupyter_mltrain.server import routes
from jupyter_mltrain.server.routes.base import Query, Route

TARGET = Path(__file__).with_name("openapi.json")

_ABOUT = """\
What the Jupyter server extension answers, below `{base_url}mltrain/api/`. It asks for what Jupyter
Server asks for: a token or the cookie of a page, the XSRF header with a cookie and a request that
changes something, and the right to `read`, `write` or `execute` the resource `mltrain`
(`x-mltrain-action`). `{workspace}` is an id from `workspaces`, or `default`; `{run}` an id, a
number, the start of an id or a name. Requests on a timer carry `no_track_activity=1`: they do not
count as activity. A refusal has the body `ErrorReply`."""

_FRAMES: dict[str, tuple[type[msgspec.Struct], ...]] = {
    "events": (
        wire.ServiceFrame,
        wire.ResetFrame,
        wire.ChangeFrame,
        wire.DeletedFrame,
        wire.QueueFrame,
        wire.EnvironmentsFrame,
        wire.BeatFrame,
        wire.ErrorFrame,
    ),
    "{run}/follow": (
        wire.RunFrame,
        wire.LogFrame,
        wire.MetricsFrame,
        wire.BeatFrame,
        wire.ErrorFrame,
    ),
    "{build}/follow": (
        wire.BuildFrame,
        wire.LogFrame,
        wire.BeatFrame,
        wire.ErrorFrame,
    ),
}
"""End of a WebSocket's path -> what its text messages hold."""

_PATH_PARTS = {
    "workspace": "Id of a workspace, or `default`.",
    "run": "Id, number, start of an id, or name of a run.",
    "name": "Name of a file, with its folders.",
    "environment": "Name of an environment.",
    "build": "Id of a build.",
    "compute": "Name of a compute target.",
    "model": "Name of a model.",
    "version": "Version of a model, or `latest`.",
    "cluster": "Name of a cluster.",
    "datastore": "Name of a datastore.",
    "dataset": "Name of a dataset.",
    "id": "Id of one version of a dataset.",
}
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


def document() -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    types = [
        type_ for route in routes.ALL for type_ in (route.reply, route.request) if type_ is not None
    ]
    frames = [frame for kinds in _FRAMES.values() for frame in kinds]
    template = "#/components/schemas/{name}"
    found, components = msgspec.json.schema_components(
        [wire.ErrorReply, *frames, *types], ref_template=template
    )
    schemas = dict(zip(map(repr, [wire.ErrorReply, *frames, *types]), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes.ALL:
        item = paths.setdefault(f"/{route.path}", {"parameters": _path_parameters(route)})
        item[route.method.lower()] = _operation(route, schemas)
        if route in routes.DOWNLOADS:
            item["head"] = {
                **_operation(route, schemas),
                "operationId": f"head_{_id(route)}",
                "summary": "The headers of the download alone.",
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter_mltrain server extension",
            "version": __version__,
            "description": " ".join(_ABOUT.split("\n")),
        },
        "servers": [{"url": f"/{routes.BASE.rstrip('/')}"}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token …`, as Jupyter Server prints it.",
                }
            },
            "responses": {
                "refusal": {
                    "description": "A sentence that says why not.",
                    "content": {"application/json": {"schema": schemas[repr(wire.ErrorReply)]}},
                }
            },
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": _id(route),
        "summary": route.about,
        "x-mltrain-action": route.action,
        "responses": {
            **_replies(route, schemas),
            "default": {"$ref": "#/components/responses/refusal"},
        },
    }
    if route.query:
        found["parameters"] = [_query_parameter(query) for query in route.query]
    if route.request is not None:
        content = {"application/json": {"schema": schemas[repr(route.request)]}}
        found["requestBody"] = {"content": content, "required": True}
    return found


def _replies(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    if route in routes.SOCKETS:
        kinds = next(kinds for end, kinds in _FRAMES.items() if route.path.endswith(f"/{end}"))
        return {
            "101": {
                "description": "A WebSocket. Closed with 4000 plus an HTTP status after an error.",
                "x-mltrain-frames": [schemas[repr(kind)] for kind in kinds],
            }
        }
    if route in routes.DOWNLOADS:
        return {
            "200": {"description": "All of it, as an attachment.", "content": _BYTES},
            "206": {"description": "The bytes of the range.", "content": _BYTES},
            "304": {"description": "It is what the page has."},
            "416": {"description": "There are no such bytes."},
        }
    if route.reply is None:
        return {str(route.status): {"description": route.about}}
    content = {"application/json": {"schema": schemas[repr(route.reply)]}}
    return {str(route.status): {"description": route.about, "content": content}}


def _id(route: Route) -> str:
    words = re.findall(r"\w+", route.path.replace("workspaces/{workspace}/", ""))
    return "_".join([route.method.lower(), *words])


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_PARTS[name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]


def _query_parameter(query: Query) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": query.type}
    if query.repeated:
        schema = {"type": "array", "items": schema}
    return {"name": query.name, "in": "query", "description": query.about, "schema": schema}


def text() -> str:
    """The document as it lies in the repository."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
