"""Finds what only a notebook understands in a cell that is to run as plain Python."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any, Final

from jupyter_mltrain.errors import InvalidSpec

_INSTALLS: Final = re.compile(
    r"[!%]{1,2}\s*(?:\S*/)?(?:python[\d.]* -m )?(?:pip[\d.]*|conda|mamba|micromamba|uv)\b"
)
_TIMES: Final = frozenset({"time", "timeit", "prun", "lprun", "memit", "mprun"})
_INSTEAD: Final = {
    "matplotlib": "Take it out: figures are saved to outputs/figures and shown below the cell.",
    "cd": "Use os.chdir instead.",
    "env": "Use os.environ, or `--env NAME=VALUE` in the %%train line.",
    "set_env": "Use os.environ, or `--env NAME=VALUE` in the %%train line.",
    "run": "Use runpy.run_path instead.",
    "load_ext": "Take it out: a run has no notebook extensions.",
    "autoreload": "Take it out: a run loads every module afresh.",
    "train": "Start that run in a cell of its own.",
}


def parse(cell: str) -> ast.Module | None:
    """The cell as Python, top-level `await` included; `None` where it is none."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(cell, "cell.py", "exec", flags, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    assert isinstance(tree, ast.Module)
    return tree


def refuse(cell: str, first_line: int = 2) -> None:
    """Raise `InvalidSpec` for the first magic, shell command or help request in the cell.

    Parameters
    ----------
    cell
        Text that is no Python; what is Python has none of these.
    first_line
        Number of its first line.
    """
    found = _first(cell)
    if found is None:
        return
    index, text = found
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    raise InvalidSpec(f"Cell line {index + first_line}: {_sentence(text, shown)}")


def _first(cell: str) -> tuple[int, str] | None:
    """Index and text of the first line that IPython would transform, as IPython itself sees it."""
    from IPython.core import inputtransformer2 as transforming

    lines = cell.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tokens: Any = transforming.make_tokens_by_line(lines)
        candidates = [
            transformer
            for kind in transforming.TransformerManager().token_transformers
            if (transformer := kind.find(tokens)) is not None
        ]
    if not candidates:
        return None
    index = min(candidate.start_line for candidate in candidates)
    return index, lines[index].strip()


def _sentence(text: str, shown: str) -> str:
    if _INSTALLS.match(text):
        return (
            f"`{shown}` is for the notebook. Run it in a cell of its own with `%pip`, or in a "
            "terminal: the run uses this Python."
        )
    if text.startswith("%%"):
        name = text[2:].split(None, 1)[0] if text[2:].strip() else ""
        if name in _TIMES:
            return f"`{shown}` is for the notebook. Take it out: how long a run takes is shown."
        return f"`{shown}` has to be the first line of a cell of its own."
    magic = re.match(r"%(\w+)", text) or re.match(r"[^=]*=\s*%(\w+)", text)
    if magic:
        if magic[1] in _TIMES:
            return (
                f"`{shown}` is for the notebook. Take it out: how long a run takes is shown; "
                "time.perf_counter() times a part."
            )
        instead = _INSTEAD.get(magic[1], "Take it out, or give it a cell of its own.")
        return f"`{shown}` is for the notebook. {instead}"
    if text.startswith("!"):
        return f"`{shown}` is for the notebook. Use subprocess.run(…, shell=True, check=True)."
    if re.match(r"[^=]*=\s*!", text):
        return (
            f"`{shown}` is for the notebook. Use "
            "subprocess.check_output(…, shell=True, text=True).splitlines()."
        )
    if text.endswith("?") or text.startswith("?"):
        return f"`{shown}` is for the notebook. Take it out, or use help()."
    return f"`{shown}` is notebook shorthand. Write it as plain Python."
