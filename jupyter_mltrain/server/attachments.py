"""Names of files in the headers of a download."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_ODD: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What no name of a saved file should have: controls, separators, turns of direction."""

_NOT_PLAIN: Final = re.compile(r'[^\x20-\x7e]|["%*:<>?|\']')
_ESCAPED: Final = re.compile(r"\\udc[89a-f][0-9a-f]")
"""How a byte that is not UTF-8 is spelled in the name of a run's file."""

_LENGTH: Final = 150
"""Characters of a name; with four bytes each, more than file systems take is cut."""


def attachment(name: str) -> str:
    """The value of ``Content-Disposition`` that saves a reply under a run's file name.

    Parameters
    ----------
    name
        Any text, markup and line breaks included; its last part becomes the file's name.

    References
    ----------
    RFC 6266, with the extended notation of RFC 8187 beside a plain fallback.
    """
    last = _ESCAPED.sub("_", name).rstrip("/").rpartition("/")[2]
    whole = _ODD.sub("_", last).strip(" .") or "file"
    if len(whole) > _LENGTH:
        stem, dot, ending = whole.rpartition(".")
        keep = dot + ending if stem and len(ending) < 20 else ""
        whole = whole[: _LENGTH - len(keep)] + keep
    plain = _NOT_PLAIN.sub("_", whole)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole, safe='')}"
