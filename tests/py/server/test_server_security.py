"""Who may do what: every handler of ours is called without what it asks for."""

from __future__ import annotations

import json
import re

import pytest
from jupyter_server.auth import Authorizer
from pages import WS
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.web import RequestHandler
from tornado.websocket import websocket_connect

from jupyter_mltrain.server import routes
from jupyter_mltrain.server.extension import table

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def handlers_of(app) -> list[tuple[str, type]]:
    """Path and class of everything of ours that the running server answers."""
    rules = app.web_app.wildcard_router.rules + [
        rule
        for outer in app.web_app.default_router.rules
        for rule in getattr(outer.target, "rules", [])
    ]
    found = {}
    for rule in rules:
        pattern = getattr(rule.matcher, "regex", None)
        if pattern is not None and f"/{routes.BASE}" in pattern.pattern:
            found[pattern.pattern] = rule.target
    return sorted(found.items())


def path_of(pattern: str) -> str:
    """An address that the pattern matches."""
    path = pattern.removesuffix("$").replace("([^/]+)", "default").replace("(.+)", "a/b")
    return re.sub(r"\\(.)", r"\1", path.replace(".*", "nowhere"))


async def answer(client, path, method, headers=None):
    request = {"method": method, "headers": headers or {}, "allow_nonstandard_methods": True}
    if method in ("POST", "PUT", "PATCH"):
        request["body"] = b"{}"
    try:
        return (await client.fetch(path, follow_redirects=False, **request)).code
    except HTTPClientError as error:
        return error.code


def methods_of(handler: type) -> list[str]:
    """What the handler does something for; tornado itself refuses the others."""
    refused = RequestHandler.head
    found = [method for method in METHODS if getattr(handler, method.lower()) is not refused]
    assert found
    return found


def test_every_route_of_the_table_is_registered(jp_serverapp):
    registered = [pattern for pattern, _ in handlers_of(jp_serverapp)]
    assert len(registered) == len(table())
    for route in routes.ALL:
        assert any(pattern.endswith(f"/{route.pattern}$") for pattern in registered), route.path


async def test_no_handler_answers_without_a_token(jp_serverapp, http_server_client):
    for pattern, handler in handlers_of(jp_serverapp):
        for method in methods_of(handler):
            code = await answer(http_server_client, path_of(pattern), method)
            assert code in (401, 403), (pattern, method, code)


async def test_no_handler_changes_anything_for_a_cookie_without_xsrf(
    jp_serverapp, jp_base_url, jp_http_port, http_server_client
):
    cookie = await logged_in(jp_serverapp, http_server_client, jp_base_url)
    for pattern, handler in handlers_of(jp_serverapp):
        for method in methods_of(handler):
            if method in CHANGING:
                code = await answer(
                    http_server_client, path_of(pattern), method, {"Cookie": cookie}
                )
                assert code == 403, (pattern, method, code)


async def logged_in(app, client, base_url) -> str:
    """The cookie of somebody who has opened a page with the token."""
    token = app.identity_provider.token
    reply = await client.fetch(f"{base_url}api/status?token={token}")
    cookies = [text.partition(";")[0] for text in reply.headers.get_list("Set-Cookie")]
    assert any(cookie.startswith("username-") for cookie in cookies)
    return "; ".join(cookies)


async def test_a_cookie_alone_reads(jp_serverapp, jp_base_url, http_server_client):
    cookie = await logged_in(jp_serverapp, http_server_client, jp_base_url)
    path = f"{jp_base_url}{routes.BASE}workspaces"
    assert await answer(http_server_client, path, "GET", {"Cookie": cookie}) == 200


class Denying(Authorizer):
    """Allows nothing, and remembers what it was asked."""

    asked: list[tuple[str, str]]

    def is_authorized(self, handler, user, action, resource):
        self.asked.append((action, resource))
        return False


class TestNobodyIsAllowed:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        Denying.asked = []
        jp_server_config["ServerApp"]["authorizer_class"] = Denying
        return jp_server_config

    async def test_every_method_of_every_handler_asks_the_authorizer(
        self, jp_serverapp, http_server_client, jp_auth_header
    ):
        for pattern, handler in handlers_of(jp_serverapp):
            for method in methods_of(handler):
                Denying.asked.clear()
                code = await answer(http_server_client, path_of(pattern), method, jp_auth_header)
                assert code == 403, (pattern, method, code)
                assert [resource for _, resource in Denying.asked] == ["mltrain"]

    @pytest.mark.parametrize(
        ("method", "path", "action"),
        [
            ("GET", f"{WS}/runs", "read"),
            ("GET", f"{WS}/runs/1/zip", "read"),
            ("GET", f"{WS}/events", "read"),
            ("POST", f"{WS}/runs/1/tags", "write"),
            ("DELETE", f"{WS}/runs/1", "write"),
            ("POST", f"{WS}/runs/1/cancel", "execute"),
            ("POST", f"{WS}/runs/1/again", "execute"),
            ("POST", f"{WS}/submit", "execute"),
        ],
    )
    async def test_what_has_to_be_allowed_is_what_is_documented(
        self, jp_serverapp, jp_base_url, http_server_client, jp_auth_header, method, path, action
    ):
        await answer(
            http_server_client, f"{jp_base_url}{routes.BASE}{path}", method, jp_auth_header
        )
        assert Denying.asked == [(action, "mltrain")]


async def test_a_socket_from_another_site_is_refused(
    jp_serverapp, jp_base_url, jp_http_port, http_server_client
):
    cookie = await logged_in(jp_serverapp, http_server_client, jp_base_url)
    url = f"ws://localhost:{jp_http_port}{jp_base_url}{routes.BASE}{WS}/events"
    headers = {"Cookie": cookie, "Origin": "https://elsewhere.example"}
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(HTTPRequest(url, headers=headers))
    assert refused.value.code == 403


async def test_an_error_never_shows_as_a_page(api):
    reply = await api("workspaces/<script>alert(1)</script>/status")
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert json.loads(reply.body)["code"] in ("no_such_workspace", "not_found")
