"""What uv says when it fails, in a sentence with a next step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from jupyter_mltrain.environments.requirements import usual_name

_MOST_LINES: Final = 8

_BOX: Final = re.compile(r"^[\s×│├╰─▶╭]+")
_CAUSE: Final = re.compile(r"(cause|Caused by): ")
_NOT_FOUND: Final = re.compile(
    r"\b([A-Za-z0-9][\w.-]*) was not found in the (?:package registry|provided package locations)"
)
_CONCLUSION: Final = re.compile(r",? we can conclude that your requirements are unsatisfiable\.?")
_ADDRESS: Final = re.compile(r"https?://[^\s`)]+")
_NOT_CACHED: Final = re.compile(r"(\S+) was not found in the cache")
_BUILD: Final = re.compile(r"[Ff]ailed to (?:download and )?build `([^`]+)`")
_REFUSED: Final = re.compile(r"\b(401 Unauthorized|403 Forbidden|407 Proxy[\w ]*)")
_STATUS: Final = re.compile(r"HTTP status [a-z]+ error \((\d+ [\w ]+)\)")
_UNREACHABLE: Final = (
    "error sending request",
    "dns error",
    "connect error",
    "timed out",
    "connection closed",
    "connection reset",
)


@dataclass(kw_only=True)
class _Said:
    """The parts of uv's message."""

    error: str = ""
    causes: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    """What a build backend has printed."""

    @property
    def text(self) -> str:
        return "\n".join((self.error, *self.causes))


def in_our_words(output: Sequence[str], free_where: str = "this machine's disk") -> str:
    """Why uv could not install, from the lines that it wrote last.

    Parameters
    ----------
    free_where
        What has to have room, for the sentence about a full disk.
    """
    said = _read(output)
    text = said.text
    if "No space left on device" in text or "os error 28" in text:
        return f"No room left on {free_where} while packages were installed. Free some space there."
    host = _host(text)
    refused = _REFUSED.search("\n".join((text, *said.hints)))
    if refused:
        where = host or _host("\n".join(said.hints)) or "the package index"
        return (
            f"{where} does not let us in ({refused[1]}). Put the user and password for it in "
            "~/.netrc, or in the configuration of pip or uv."
        )
    if missing := _NOT_FOUND.findall(text):
        return _not_found(missing, "index lookups were disabled" in "\n".join(said.hints))
    if absent := _NOT_CACHED.search(text):
        return (
            f"Package `{absent[1]}` is not in uv's cache, and uv is to do without the network. "
            "Unset UV_OFFLINE, or take `offline` out of uv's configuration."
        )
    if built := _BUILD.search(text):
        last = next((line for line in reversed(said.shown) if line.strip()), "")
        return (
            f"Package `{built[1]}` has no wheel for this Python and platform and could not be "
            f"built: {last.strip() or 'its build gave no reason'}. Ask for a version that has a "
            "wheel, or install what the build needs."
        )
    if "No solution found" in text or "unsatisfiable" in text:
        return _unsolvable(said)
    if "certificate" in text:
        return (
            f"The certificate of {host or 'the package index'} is not trusted "
            f"({said.causes[-1] if said.causes else said.error}). Name the file with your "
            "company's certificates in SSL_CERT_FILE."
        )
    if status := _STATUS.search(text):
        return f"{host or 'The package index'} answers {status[1]}. Check the URL of the index."
    if any(sign in text for sign in _UNREACHABLE):
        return (
            f"{host or 'The package index'} cannot be reached "
            f"({said.causes[-1] if said.causes else said.error}). Check the network, and the proxy "
            "and index that pip or uv is configured with."
        )
    return _whole(said)


def _read(output: Sequence[str]) -> _Said:
    said = _Said()
    into: list[str] | None = None
    for line in output:
        plain = _BOX.sub("", line).strip()
        if line.startswith("error: ") or (line.lstrip().startswith("×") and not said.error):
            said, into = _Said(error=plain.removeprefix("error: ")), None
        elif not said.error or not plain:
            continue
        elif (cause := _CAUSE.match(plain)) or "▶" in line:
            said.causes.append(plain[cause.end() :] if cause else plain)
            into = None
        elif plain.startswith("hint: "):
            said.hints.append(plain.removeprefix("hint: "))
            into = said.hints
        elif plain in ("[stderr]", "[stdout]", "--- stderr"):
            into = said.shown
        elif into is said.shown or into is said.hints:
            assert into is not None
            into.append(line.rstrip())
        elif said.causes:
            said.causes[-1] += f" {plain}"
        else:
            said.error += f" {plain}"
    return said


def _host(text: str) -> str | None:
    address = _ADDRESS.search(text)
    return urlsplit(address[0]).hostname if address else None


def _not_found(names: Sequence[str], offline: bool) -> str:
    name = names[0]
    if offline:
        return (
            f"Package `{name}` is not in the folders that pip or uv is configured with, and the "
            "index is switched off there (no-index)."
        )
    better = usual_name(name)
    if better and better != name:
        return f"Package `{name}` is not in the package index. Did you mean `{better}`?"
    return (
        f"Package `{name}` is not in the package index. Check its name; if it is your company's, "
        "put its index, and the password for that, into the configuration of pip or uv."
    )


def _unsolvable(said: _Said) -> str:
    reason = _CONCLUSION.sub("", " ".join(said.causes))
    alone = re.fullmatch(
        r"Because there (?:is|are) no versions? of (\S+) and you require \1", reason
    )
    if alone:
        return (
            f"There is no `{alone[1]}` in the package index. Ask for another version, or for none "
            "to get the newest."
        )
    first, *further = reason.rstrip(".").split(" And because ")
    more = [f"And because {each}" for each in further][: _MOST_LINES - 1]
    hints = [hint for hint in said.hints if hint][:1]
    why = f": {first[:1].lower()}{first[1:].rstrip('.,')}" if first else ""
    return "\n".join(
        (f"No versions fit together{why}. Loosen one of these requirements.", *more, *hints)
    )


def _whole(said: _Said) -> str:
    """What uv said, which nobody has put into words yet."""
    if not said.error:
        return "uv ended without saying why. The log above has all that it wrote."
    told = [said.error.rstrip("."), *(cause.rstrip(".") for cause in said.causes)]
    return ": ".join(told[:_MOST_LINES]) + "."
