"""What the Tab key offers after our magics: options, runs, compute targets, files, variables."""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.spec import Model, RunState

if TYPE_CHECKING:
    from jupyter_mltrain.magics.commands import TrainMagics
    from jupyter_mltrain.magics.environments import EnvironmentMagics
    from jupyter_mltrain.magics.models import ModelMagics

MATCHER: Final = "jupyter_mltrain.magics"
"""Name of the matcher among those of IPython."""

_COMMANDS: Final = frozenset(
    {"%%train", "%train", "%runs", "%run_logs", "%run_cancel", "%environments", "%models"}
)
_HIDDEN: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})
_RECENT: Final = 50


def matcher(magics: TrainMagics, environments: EnvironmentMagics, models: ModelMagics) -> Any:
    """A matcher for `IPCompleter.custom_matchers` that answers on the lines of our magics."""
    completer = Completer(magics, environments, models)

    @context_matcher(identifier=MATCHER)
    def match(context: CompletionContext) -> SimpleMatcherResult:
        line = context.line_with_cursor[: context.cursor_position]
        offers = completer.complete(line, context.token)
        return SimpleMatcherResult(
            completions=[SimpleCompletion(text=offer, type="param") for offer in offers],
            ordered=True,
            suppress=bool(offers),  # what others make of the line as Python is no use in it
        )

    return match


class Completer:
    """Knows what may stand where on a magic's line."""

    def __init__(
        self, magics: TrainMagics, environments: EnvironmentMagics, models: ModelMagics
    ) -> None:
        self._magics = magics
        self._environments = environments
        self._models = models

    def complete(self, line: str, token: str) -> list[str]:
        """What may stand at the end of a line; empty to let IPython's own completers answer.

        Parameters
        ----------
        token
            The word so far, as IPython splits words: at spaces, commas and equals signs.
        """
        command, *before = line.split() or [""]
        if command not in _COMMANDS or line.endswith(command):
            return []
        typed = ""
        if before and not line[-1].isspace():
            typed = before.pop()
            option, equals, _ = typed.partition("=")
            if equals and option.startswith("--"):
                before.append(option)
        if "--" in before:
            return []
        try:
            named = "=" in typed and before[-1:] in (["-i"], ["--input"])
            offers = set(self._datasets() if named else self._offers(command, before, token))
        except MltrainError:
            return []  # no service, no names of runs; the magic itself says why
        return sorted(offer for offer in offers if offer.startswith(token))

    def _offers(self, command: str, before: list[str], word: str) -> Iterable[str]:
        previous = before[-1] if before else ""
        values = self._values(command, word).get(previous)
        if values is not None:
            return values()
        if word.startswith("-"):
            return self._options(command)
        if command in ("%run_logs", "%run_cancel"):
            return self._runs(active=command == "%run_cancel")
        if command == "%environments":
            return self._named() if before else ("build", "show")
        if command == "%models":
            return [] if before else {model.name for model in self._registered()}
        if command == "%train" and all(each.startswith("-") for each in before):
            return _scripts(word)
        return [] if word else self._options(command)

    def _values(self, command: str, word: str) -> dict[str, Callable[[], Iterable[str]]]:
        """Option -> what may follow it."""
        client = self._magics.session.client_silently
        found: dict[str, Callable[[], Iterable[str]]] = {
            "--experiment": lambda: client().experiments(),
        }
        if command in ("%%train", "%train"):
            found |= {
                "--compute": lambda: [each.name for each in client().computes()],
                "--environment": lambda: ["current", *self._named()],
                "--env": self._named,
                "--dockerfile": lambda: _files(word, _is_dockerfile),
                "--conda": lambda: _files(word, _is_yaml),
                "--source": lambda: [f"{each}/" for each in _folders()],
            }
            found |= dict.fromkeys((*_free_text(), "--input"), list)
        if command == "%%train":
            found |= dict.fromkeys(("-i", "--input", "-o", "--output"), self._variables)
        if command == "%environments":
            found = {"--compute": lambda: [each.name for each in client().computes()]}
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
            "%environments": self._environments.environments,
            "%models": self._models.models,
        }
        parser = methods[command].parser
        return [name for action in parser._actions for name in action.option_strings]

    def _runs(self, *, active: bool) -> list[str]:
        client = self._magics.session.client_silently()
        runs = client.list(limit=_RECENT).runs
        found = [run for run in runs if not (active and run.state.final)]
        names = [run.spec.name for run in found if run.spec.name and " " not in run.spec.name]
        return [*(str(run.number) for run in found), *names]

    def _named(self) -> list[str]:
        client = self._magics.session.client_silently()
        return [environment.name for environment in client.environments()]

    def _registered(self) -> Iterable[Model]:
        return self._magics.session.client_silently().models(latest=True, brief=True)

    def _datasets(self) -> list[str]:
        client = self._magics.session.client_silently()
        return [dataset.name for dataset in client.datasets() if " " not in dataset.name]

    def _variables(self) -> list[str]:
        shell = self._magics.shell
        hidden = _HIDDEN | set(shell.user_ns_hidden)
        return [
            name
            for name, value in shell.user_ns.items()
            if not (name.startswith("_") or name in hidden or isinstance(value, ModuleType))
        ]


def _free_text() -> tuple[str, ...]:
    return (
        *("--name", "--cpus", "--gpus", "--memory", "--arg", "--tag", "--image", "--pip"),
        *("--timeout", "--priority", "--retries", "--python"),
    )


def _scripts(word: str) -> list[str]:
    """Scripts, notebooks and folders."""
    return _files(word, lambda name: name.endswith((".py", ".sh", ".ipynb")))


def _is_dockerfile(name: str) -> bool:
    return "dockerfile" in name.lower()


def _is_yaml(name: str) -> bool:
    return name.endswith((".yml", ".yaml"))


def _files(word: str, offered: Callable[[str], bool]) -> list[str]:
    """Such files, and folders, the way a path is typed step by step."""
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
        if each.is_dir() or offered(each.name)
    ]


def _folders() -> list[str]:
    return [each.name for each in Path().iterdir() if each.is_dir() and each.name[0] != "."]
