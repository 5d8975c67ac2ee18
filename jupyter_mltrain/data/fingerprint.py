"""What tells whether data is the same as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from jupyter_mltrain.data.cache import Cached
from jupyter_mltrain.data.resolving import Found


def fingerprint(files: Sequence[Found], cached: Sequence[Cached]) -> str:
    """SHA-256, hexadecimal, over names and contents; of files of this machine, over their stamps.

    The order of the files does not matter.
    """
    lines = [
        f"{found.name}\0{here.sha256 or found.entry.stamp}\n"
        for found, here in zip(files, cached, strict=True)
    ]
    return hashlib.sha256("".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()
