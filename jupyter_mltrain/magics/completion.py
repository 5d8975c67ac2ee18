"""What the Tab key offers after our magics: options, runs, compute targets, files, variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.spec import RunState

if TYPE_CHECKING:
    from jupyter_mltrain.magics.commands import TrainMagics

KEYS: Final = ("%%train", "%train", "%runs", "%run_logs", "%run_cancel")
_HIDDEN: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})
_RECENT: Final = 50


class Completer:
    """Answers IPython's `complete_command` hook for our magics."""

    def __init__(self, magics: TrainMagics) -> None:
        self._magics = magics

    def __call__(self, shell: Any, event: SimpleNamespace) -> list[str]:
        """What may stand where the cursor is; empty to let IPython's own completers answer.

        Parameters
        ----------
        event
            `line`, the whole line; `symbol`, the word so far; `text_until_cursor`.
        """
        command, *before = event.text_until_cursor.split()
        word = event.symbol
        if before and not event.text_until_cursor[-1].isspace():
            last = before.pop()
            option, equals, _ = last.partition("=")
            if equals and option.startswith("--"):
                before.append(option)
        if not command.startswith("%"):
            command = f"%{command}"
        if "--" in before:
            return []
        try:
            return sorted(set(self._offers(command, before, word)))
        except MltrainError:
            return []  # no service, no names of runs; the magic itself says why

    def _offers(self, command: str, before: list[str], word: str) -> Iterable[str]:
        previous = before[-1] if before else ""
        values = self._values(command).get(previous)
        if values is not None:
            return values()
        if word.startswith("-"):
            return self._options(command)
        if command in ("%run_logs", "%run_cancel"):
            return self._runs(active=command == "%run_cancel")
        if command == "%train" and all(each.startswith("-") for each in before):
            return _scripts(word)
        return [] if word else self._options(command)

    def _values(self, command: str) -> dict[str, Callable[[], Iterable[str]]]:
        """Option -> what may follow it."""
        client = self._magics.session.client_silently
        found: dict[str, Callable[[], Iterable[str]]] = {
            "--experiment": lambda: client().experiments(),
        }
        if command in ("%%train", "%train"):
            found |= {
                "--compute": lambda: [each.name for each in client().computes()],
                "--environment": lambda: ["current"],
                "--image": lambda: ["current"],
                "--source": lambda: [f"{each}/" for each in _folders()],
            }
            found |= dict.fromkeys(_free_text(), list)
        if command == "%%train":
            found |= dict.fromkeys(("-i", "--input", "-o", "--output"), self._variables)
        if command == "%runs":
            found["--state"] = lambda: [state.value for state in RunState]
        return found

    def _options(self, command: str) -> list[str]:
        methods = {
            "%%train": self._magics.train_cell,
            "%train": self._magics.train,
            "%runs": self._magics.runs,
            "%run_logs": self._magics.run_logs,
            "%run_cancel": self._magics.run_cancel,
        }
        parser = methods[command].parser
        return [name for action in parser._actions for name in action.option_strings]

    def _runs(self, *, active: bool) -> list[str]:
        client = self._magics.session.client_silently()
        runs = client.list(limit=_RECENT).runs
        found = [run for run in runs if not (active and run.state.final)]
        names = [run.spec.name for run in found if run.spec.name and " " not in run.spec.name]
        return [*(str(run.number) for run in found), *names]

    def _variables(self) -> list[str]:
        shell = self._magics.shell
        hidden = _HIDDEN | set(shell.user_ns_hidden)
        return [name for name in shell.user_ns if not name.startswith("_") and name not in hidden]


def _free_text() -> tuple[str, ...]:
    return ("--name", "--cpus", "--gpus", "--memory", "--arg", "--env", "--timeout", "--priority")


def _scripts(word: str) -> list[str]:
    """Python files and folders, the way a path is typed step by step."""
    folder = word.rpartition("/")[0]
    prefix = f"{folder}/" if folder or word.startswith("/") else ""
    try:
        entries = list((Path(prefix).expanduser() if prefix else Path()).iterdir())
    except OSError:
        return []
    shown = [each for each in entries if not each.name.startswith((".", "__pycache__"))]
    return [
        f"{prefix}{each.name}/" if each.is_dir() else f"{prefix}{each.name}"
        for each in shown
        if each.is_dir() or each.suffix in (".py", ".sh")
    ]


def _folders() -> list[str]:
    return [each.name for each in Path().iterdir() if each.is_dir() and each.name[0] != "."]
