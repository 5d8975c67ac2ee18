"""A Jupyter server of its own for each test, with real services behind it.

pytest-jupyter is loaded for this folder alone: elsewhere its automatic fixtures would make a
server for every test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403
from services import end_service
from tornado.httpclient import HTTPResponse

from jupyter_mltrain import Workspace, workspaces


@pytest.fixture(autouse=True)
def default_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the default workspace, not made yet; no service of it outlives the test."""
    directory = tmp_path / "ws"
    monkeypatch.setenv("MLTRAIN_WORKSPACE", str(directory))
    yield directory
    if workspaces.endpoint(directory) is not None:
        end_service(Workspace.at(directory))


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"jupyter_mltrain": True}}}


class Api:
    """Calls the extension as a page would, with the token."""

    def __init__(self, fetch: Callable[..., Any]) -> None:
        self._fetch = fetch

    async def __call__(
        self, path: str, body: object = None, *, method: str | None = None, **kwargs: Any
    ) -> HTTPResponse:
        """The reply, refusals included."""
        path, _, query = path.partition("?")
        params = dict(part.partition("=")[::2] for part in query.split("&") if part)
        verb = method or ("GET" if body is None else "POST")
        data = None if body is None else json.dumps(body)
        if verb == "POST" and data is None:
            data = "{}"
        return await self._fetch(
            "mltrain/api",
            path,
            method=verb,
            body=data,
            params=params,
            raise_error=False,
            **kwargs,
        )

    async def json(self, path: str, body: object = None, **kwargs: Any) -> Any:
        """The decoded body of a reply that is no refusal."""
        reply = await self(path, body, **kwargs)
        assert reply.code < 400, reply.body
        return json.loads(reply.body)


@pytest.fixture
def api(jp_fetch: Callable[..., Any]) -> Api:
    return Api(jp_fetch)


@pytest.fixture
def files(jp_root_dir: Path) -> Callable[[str, str], str]:
    """Puts a file where the file browser sees it; returns its path there."""

    def put(name: str, text: str) -> str:
        path = jp_root_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    return put


@pytest.fixture
def open_socket(jp_ws_fetch: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Opens a WebSocket of the extension; all are closed in the end."""

    opened: list[Any] = []

    async def connect(path: str, **params: str) -> Any:
        opened.append(await jp_ws_fetch("mltrain/api", path, params=params))
        return opened[-1]

    yield connect
    for socket in opened:
        socket.close()
