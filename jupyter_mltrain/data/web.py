"""Files of web servers: a server's folder as a datastore, and URLs that datasets name."""

from __future__ import annotations

import base64
import binascii
import email.utils
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from jupyter_mltrain.data.names import (
    check_name,
    hidden,
    inside,
    matcher,
    opening,
    shown_url,
    split_pattern,
)
from jupyter_mltrain.data.places import Changed, Entry, Interrupted, Listed, Reading
from jupyter_mltrain.errors import DataMissing, DataUnavailable, InvalidSpec

if TYPE_CHECKING:
    import httpx

_CONNECT_S: Final = 10.0
_SILENCE_S: Final = 30.0
"""Without a byte for so long, a connection counts as lost."""

_MOST_FOLDERS: Final = 10_000
_PAGE_BYTES: Final = 10_000_000
"""Of a page that lists a folder, at most."""

_LATER: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others when it is asked again."""

OPTIONS: Final = frozenset({"headers", "username", "password", "token", "verify"})
"""What a datastore on the web can be opened with."""

_HEADER: Final = re.compile(r"[ -~\t]+\Z")
"""What a header's name and value can be made of."""

_TELLING: Final = ("ETag", "Last-Modified")

_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)\Z")


class WebPlace:
    """What lies below a URL. Written to it can't be.

    Files are read over connections of our own rather than fsspec's, so that what was cut goes on
    where it was, and never with bytes of another version of the file.

    References
    ----------
    RFC 9110, sections 13.1.5 (If-Range) and 14 (range requests).
    """

    def __init__(self, url: str, label: str, options: Mapping[str, Any]) -> None:
        """Open a folder of a server.

        Parameters
        ----------
        url
            Of a folder; without one, paths are URLs themselves.
        options
            Those of `OPTIONS`.
        """
        if unknown := sorted(set(options) - OPTIONS):
            raise InvalidSpec(
                f"{opening(label)} has the option {unknown[0]!r}, which means nothing on the web. "
                f"There are {', '.join(sorted(OPTIONS))}."
            )
        self._url = f"{url.rstrip('/')}/" if url else ""
        self._label = label
        self._options = options
        self._headers = self._made_headers()
        self._opened: httpx.Client | None = None
        self._opening = threading.Lock()

    @property
    def label(self) -> str:
        return self._label

    @property
    def root(self) -> Path | None:
        return None

    @property
    def key(self) -> str:
        return self._url

    @property
    def _client(self) -> httpx.Client:
        with self._opening:
            if self._opened is None:
                self._opened = self._made()
            return self._opened

    def _made(self) -> httpx.Client:
        import httpx

        given = self._options
        user = given.get("username")
        return httpx.Client(
            headers=self._headers,
            auth=None if user is None else (user, given.get("password", "")),
            verify=given.get("verify", True),
            follow_redirects=True,
            timeout=httpx.Timeout(_SILENCE_S, connect=_CONNECT_S),
            limits=httpx.Limits(max_connections=64),
        )

    def _made_headers(self) -> dict[str, str]:
        given = self._options.get("headers", {})
        if not isinstance(given, Mapping):
            raise InvalidSpec(f"The headers of {self._label} are no names with values.")
        headers = {"Accept-Encoding": "identity", **given}
        if "token" in self._options:
            # Out of a file, it ends with a line break.
            headers["Authorization"] = f"Bearer {str(self._options['token']).strip()}"
        for name, value in headers.items():
            if not _HEADER.match(f"{name}{value}"):
                what = "token" if name == "Authorization" else f"header {name[:60]!r}"
                raise InvalidSpec(
                    f"The {what} of {self._label} has characters that cannot be sent. Register "
                    "the datastore again with another one."
                )
        return headers

    def _said(self, text: object) -> str:
        options = self._options
        return hidden(str(text), [str(options.get(name, "")) for name in ("token", "password")])

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _url_of(self, path: str) -> str:
        return self._url + quote(path) if self._url else path

    # Listing

    def look(self) -> None:
        try:
            self._ask(self._url)
        except DataMissing:
            return  # many servers show no folders; it has answered, and that is what was asked
        except Interrupted as error:
            raise DataUnavailable(f"{opening(self._label)} cannot be reached: {error}.") from None

    def find(self, path: str) -> Listed:
        try:
            return self._find(path)
        except Interrupted as error:
            place = opening(self._label) if self._url else shown_url(path)
            raise DataUnavailable(f"{place} cannot be reached: {error}.") from None

    def _find(self, path: str) -> Listed:
        if not self._url:
            return Listed(files=(self._entry(path, _last(path)),), single=True, folder="")
        path = inside(path, self._label)
        folder, pattern = split_pattern(path)
        if not pattern and folder:
            response = self._ask(self._url_of(folder))
            if not response.url.path.endswith("/"):  # a folder's URL leads to one with a slash
                above, _, name = folder.rpartition("/")
                entry = self._entry_of(response, folder, name)
                return Listed(files=(entry,), single=True, folder=above)
        fits = matcher(pattern) if pattern else None
        names = sorted(name for name in self._walk(folder) if fits is None or fits.match(name))
        if not names:
            what = f"fits the pattern {path!r}" if pattern else f"lies in {path or 'its root'!r}"
            raise DataMissing(
                f"No file of {self._label} {what}, as far as its pages tell. Name the files if "
                "the server does not list them."
            )
        base = f"{folder}/" if folder else ""
        files = tuple(self._entry(base + name, name) for name in names)
        return Listed(files=files, single=False, folder=folder)

    def _entry(self, path: str, name: str) -> Entry:
        return self._entry_of(self._ask(self._url_of(path)), path, name)

    def _entry_of(self, response: httpx.Response, path: str, name: str) -> Entry:
        size = response.headers.get("Content-Length", "")
        return Entry(
            name=check_name(name, self._label),
            path=path,
            size_bytes=int(size) if size.isdecimal() else None,
            stamp=_stamp(response),
            md5=_md5(response),
            modified_at=_instant(response.headers.get("Last-Modified")),
        )

    def _ask(self, url: str) -> httpx.Response:
        """The headers of a file."""
        with self._asking():
            response = self._client.head(url)
            if response.status_code in (400, 401, 403, 404, 405, 501):
                # Some servers, and URLs that are signed for one method, only know GET.
                with self._client.stream("GET", url) as response:
                    pass
            self._check(response)
        return response

    def _walk(self, folder: str) -> Iterator[str]:
        """Names of the files below a folder, relative to it, as the server's pages link them."""
        root = f"{self._url_of(folder)}/" if folder else self._url
        waiting, seen = [root], {root}
        while waiting:
            page = waiting.pop()
            for url in self._links(page):
                if not url.startswith(page) or url in seen:
                    continue
                seen.add(url)
                if url.endswith("/"):
                    waiting.append(url)
                else:
                    yield unquote(url.removeprefix(root))
            if len(seen) > _MOST_FOLDERS * 100 or len(waiting) > _MOST_FOLDERS:
                raise DataUnavailable(
                    f"{opening(self._label)} lists more files below {shown_url(root)} than can be "
                    "followed. Name a folder with fewer."
                )

    def _links(self, page: str) -> list[str]:
        with self._asking(), self._client.stream("GET", page) as response:
            self._check(response)
            if "html" not in response.headers.get("Content-Type", ""):
                return []
            text = bytearray()
            for piece in response.iter_raw():
                text += piece
                if len(text) > _PAGE_BYTES:
                    break
        found = _Links()
        found.feed(text.decode(response.charset_encoding or "utf-8", "replace"))
        links = (urljoin(page, href.partition("#")[0]) for href in found.hrefs)
        return sorted({link for link in links if "?" not in link})

    # Reading

    @contextmanager
    def reading(self, entry: Entry, offset: int) -> Iterator[Reading]:
        headers = {}
        if offset:
            # A weak tag, or a time, proves too little: then it is looked at what comes.
            tag = entry.stamp.partition(" ")[0]
            strong = {"If-Range": tag} if tag.startswith('"') else {}
            headers = {"Range": f"bytes={offset}-", **strong}
        with (
            self._asking(),
            self._client.stream("GET", self._url_of(entry.path), headers=headers) as response,
        ):
            if response.status_code == 416:
                raise Changed
            self._check(response)
            if not _is_of(response, entry.stamp):
                raise Changed
            # As it comes: in pieces of a size, what was not a whole one would be lost with a cut.
            yield Reading(start=_start(response, offset), pieces=response.iter_raw())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except (httpx.TransportError, httpx.StreamError) as error:
            raise Interrupted(self._said(error) or type(error).__name__) from None
        except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise DataUnavailable(f"{opening(self._label)}: {self._said(error)}.") from None

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status < 400:
            return
        what = f"{shown_url(str(response.url))} answers {status} {response.reason_phrase}".rstrip()
        of = f" ({self._label})" if self._url else ""
        if status in (404, 410):
            raise DataMissing(f"{what}{of}: there is no such file.")
        if status in (401, 403, 407):
            raise DataUnavailable(
                f"{what}{of}: it wants other credentials. Register its server as a datastore with "
                "a 'token', or 'username' and 'password'."
            )
        if status in _LATER:
            raise Interrupted(what)
        raise DataUnavailable(f"{what}{of}.")

    # Writing

    def size_of(self, path: str) -> int | None:
        path = inside(path, self._label)
        try:
            return self._entry(path, path.rpartition("/")[2]).size_bytes or 0
        except DataMissing:
            return None
        except Interrupted as error:
            raise DataUnavailable(f"{opening(self._label)} cannot be reached: {error}.") from None

    def put(self, source: int, path: str) -> None:
        raise DataUnavailable(
            f"{opening(self._label)} is on the web: it is read, and cannot be written to."
        )


class _Links(HTMLParser):
    """Where a page's links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs += [value for name, value in attrs if name == "href" and value]


def _last(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]) or "index.html"


def _start(response: httpx.Response, offset: int) -> int:
    if response.status_code != 206:
        return 0
    found = _RANGE.match(response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != offset:
        raise Changed
    return offset


def _stamp(response: httpx.Response) -> str:
    """What tells one version of the file from another."""
    return " ".join(filter(None, map(response.headers.get, _TELLING)))


def _is_of(response: httpx.Response, stamp: str) -> bool:
    """Whether it is of the version with that stamp; with a part, less is said than with all."""
    said = filter(None, map(response.headers.get, _TELLING))
    return not stamp or all(each in stamp for each in said)


def _md5(response: httpx.Response) -> str | None:
    given = response.headers.get("Content-MD5")
    if given is None or response.status_code == 206:
        return None
    try:
        return base64.b64decode(given, validate=True).hex()
    except (binascii.Error, ValueError):
        return None  # not what it should be: then it says nothing


def _instant(text: str | None) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
