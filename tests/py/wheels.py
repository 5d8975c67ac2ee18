"""Wheels made by hand, and an index of them that may want a password."""

from __future__ import annotations

import base64
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def a_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: Sequence[str] = (),
    size_bytes: int = 0,
) -> Path:
    """Make a wheel with one module, which knows its own version as ``version``."""
    folder.mkdir(parents=True, exist_ok=True)
    facts = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    texts = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{facts}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{facts}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if size_bytes:
        texts[f"{name}/data.bin"] = "\0" * size_bytes
    record = "".join(f"{path},,\n" for path in (*texts, f"{facts}/RECORD"))
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in {**texts, f"{facts}/RECORD": record}.items():
            archive.writestr(path, text)
    return wheel


@contextmanager
def an_index(folder: Path, login: str | None = None) -> Iterator[str]:
    """Serve the wheels in a folder as a package index on loopback; gives ``host:port``.

    Parameters
    ----------
    login
        ``user:password`` that it wants to see.
    """
    _list(folder)
    handler = partial(_Handler, login=login, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _list(folder: Path) -> None:
    """Write the pages of PEP 503."""
    for wheel in folder.glob("*.whl"):
        page = folder / "simple" / wheel.name.partition("-")[0].replace("_", "-")
        page.mkdir(parents=True, exist_ok=True)
        (page / "index.html").write_text(f"<a href='../../{wheel.name}'>{wheel.name}</a>\n")


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: object, login: str | None, directory: str) -> None:
        self._login = login
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        wanted = self._login and f"Basic {base64.b64encode(self._login.encode()).decode()}"
        if wanted and self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *args: object) -> None:
        return None
