"""Removes folders that a script has left behind in any state."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def make_writable(folder: Path) -> None:
    """Let the owner list, enter and change a folder; a script may have taken that away."""
    mode = stat.S_IMODE(folder.lstat().st_mode)
    if mode & 0o700 != 0o700:
        folder.chmod(mode | 0o700)


def remove_tree(folder: Path) -> list[str]:
    """Remove a folder and all in it, symlinks themselves and never what they lead to.

    Returns
    -------
    list of str
        What could not be removed and why; empty when all is gone, or was before.
    """
    problems: list[str] = []
    # Folders twice: once to go in, once, when empty, to go. No recursion: trees can be deep.
    waiting = [(folder, False)]
    while waiting:
        path, emptied = waiting.pop()
        try:
            if emptied:
                path.rmdir()
                continue
            if not stat.S_ISDIR(path.lstat().st_mode):
                path.unlink()
                continue
            make_writable(path)
            waiting.append((path, True))
            with os.scandir(path) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((path / entry.name, False))
                    else:
                        _unlink(path / entry.name, problems)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    return problems


def _unlink(path: Path, problems: list[str]) -> None:
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(f"{path}: {error.strerror}")
