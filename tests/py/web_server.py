"""A web server of a test's own: it counts, cuts, forgets and refuses as it is told."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Web:
    """Files by path, and how they are served. What is set takes effect at the next request."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_after: list[int] = []
        """Bytes after which the next answers are cut, one each; none: they are whole."""
        self.ranges = True
        self.tags = True
        """Whether files have an ETag and a time."""
        self.headers: dict[str, str] = {}
        self.wants: str | None = None
        """The header `Authorization` that is asked for."""
        self.status: list[int] = []
        """What the next requests are answered with, one each."""
        self.asked: Counter[tuple[str, str]] = Counter()
        """(method, path) -> how often."""
        self.sent_bytes = 0
        self.waiting = threading.Event()
        """Set when an answer waits for `go_on`."""
        self.go_on = threading.Event()
        self.go_on.set()
        self.url = ""
        self.modified_at = 1_700_000_000

    def gets(self, path: str) -> int:
        return self.asked["GET", path]


@contextmanager
def serving() -> Iterator[Web]:
    """A server on this machine for as long as the block runs."""
    web = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(web))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    web.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield web
    finally:
        web.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            return None

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = self.path.partition("?")[0]
            web.asked[self.command, path] += 1
            if web.status:
                self._send(web.status.pop(0), b"", {})
            elif web.wants is not None and self.headers.get("Authorization") != web.wants:
                self._send(401, b"", {})
            elif path in web.files:
                self._file(web.files[path], with_body)
            elif any(name.startswith(path.rstrip("/") + "/") for name in web.files):
                self._folder(path)
            else:
                self._send(404, b"", {})

        def _folder(self, path: str) -> None:
            if not path.endswith("/"):
                self._send(301, b"", {"Location": path + "/"})
                return
            below = {name.removeprefix(path) for name in web.files if name.startswith(path)}
            tops = sorted({re.sub(r"/.*", "/", name) for name in below})
            links = "".join(f'<a href="{top}">{top}</a>' for top in ("../", *tops))
            self._send(200, links.encode(), {"Content-Type": "text/html"})

        def _file(self, data: bytes, with_body: bool) -> None:
            headers = dict(web.headers)
            tag = f'"{hashlib.sha256(data).hexdigest()[:12]}"'
            if web.tags:
                headers |= {"ETag": tag, "Last-Modified": formatdate(web.modified_at, usegmt=True)}
            asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range", tag) == tag
            status, body = 200, data
            if asked and web.ranges and same and with_body:
                start = int(asked[1])
                status, body = 206, data[start:]
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(status, body, headers, with_body)

        def _send(
            self, status: int, body: bytes, headers: Mapping[str, str], with_body: bool = True
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not with_body or self.command == "HEAD":
                return
            if status in (200, 206) and web.cut_after and body:
                body = body[: web.cut_after.pop(0)]
                self.close_connection = True
            half = len(body) // 2
            self.wfile.write(body[:half])
            if not web.go_on.is_set():
                self.wfile.flush()
                web.waiting.set()
                web.go_on.wait(20)
            self.wfile.write(body[half:])
            web.sent_bytes += len(body)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return  # whoever asked has gone

    return Handler
