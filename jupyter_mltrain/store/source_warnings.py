"""What a user should know about the files that went into a snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from jupyter_mltrain import units
from jupyter_mltrain.store.source_tree import shown

LARGE_BYTES: Final = 314_572_800
"""300 MB, the size at which Azure ML refuses a snapshot. Here it is only a warning."""

_NAMED: Final = 5

_SECRET: Final = re.compile(
    r"""(?:.*/)?(?:
        \.env | \.env\.(?!example$|sample$|template$).*
      | id_(?:rsa|dsa|ecdsa|ed25519)(?!.*\.pub$).* | .*\.(?:pem|key|p12|pfx|kdbx|jks|keystore)
      | credentials(?!.*\.(?:py|pyi|md|rst)$).* | \.netrc | _netrc | \.npmrc | \.pypirc | \.pgpass
      | \.git-credentials | \.htpasswd | kaggle\.json | \.dockercfg
      | (?:\.aws|\.azure|\.ssh|\.gnupg|\.kube)/.* | \.docker/config\.json
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def looks_secret(path: str) -> bool:
    """Whether a file's name says that it holds a password or a key."""
    return _SECRET.fullmatch(path) is not None


def listed(names: Iterable[str]) -> str:
    """Up to five names, and how many more there are."""
    every = sorted(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(shown(name) for name in every[:_NAMED]) + more


def largest(files: Iterable[tuple[str, int]]) -> str:
    """The five largest of these files (path and size), with their sizes."""
    first = sorted(files, key=lambda file: (-file[1], file[0]))[:_NAMED]
    return ", ".join(f"{shown(path)} ({units.size(size)})" for path, size in first)


def about(sizes: Iterable[tuple[str, int]], special: Iterable[tuple[str, str]]) -> list[str]:
    """Make the warnings about these files (path and size) and special files (path and kind)."""
    warnings = []
    files = list(sizes)
    total = sum(size for _, size in files)
    if total > LARGE_BYTES:
        warnings.append(
            f"The snapshot holds {units.size(total)}. Its largest files are {largest(files)}. "
            "List what the run does not need in .amlignore."
        )
    secrets = [path for path, _ in files if looks_secret(path)]
    if secrets:
        warnings.append(
            f"The snapshot holds what may be secrets: {listed(secrets)}. "
            "List them in .amlignore if the run does not need them."
        )
    kinds = dict(special)
    if kinds:
        kind = next(iter(kinds.values())) if len(kinds) == 1 else "pipes, sockets or devices"
        verb = "is left out: it is" if len(kinds) == 1 else "are left out: they are"
        warnings.append(f"{listed(kinds)} {verb} {kind}, not a file.")
    return warnings
