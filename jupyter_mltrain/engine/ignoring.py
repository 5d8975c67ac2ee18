"""What a ``.dockerignore`` leaves of a folder, by docker-py's own reading of its rules."""

from __future__ import annotations

from collections.abc import Iterable


def kept(folder: str, rules: Iterable[str]) -> set[str]:
    """Paths of files, links and folders, relative to the folder, that no rule leaves out."""
    from docker.utils.build import exclude_paths

    found: set[str] = exclude_paths(folder, list(rules))
    return found
