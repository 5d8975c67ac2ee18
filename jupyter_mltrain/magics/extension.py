"""``%load_ext jupyter_mltrain`` and ``%unload_ext jupyter_mltrain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mltrain.magics import completion
from jupyter_mltrain.magics.commands import TrainMagics
from jupyter_mltrain.magics.environments import EnvironmentMagics
from jupyter_mltrain.magics.models import ModelMagics

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAMES = {
    "cell": ("train",),
    "line": ("train", "runs", "run_logs", "run_cancel", "environments", "models"),
}


def load(shell: InteractiveShell) -> None:
    """Register the magics and what completes them; a second time replaces the first."""
    unload(shell)
    magics = TrainMagics(shell)
    environments = EnvironmentMagics(shell, magics.session)
    models = ModelMagics(shell, magics.session)
    shell.register_magics(magics, environments, models)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(completion.matcher(magics, environments, models))


def unload(shell: InteractiveShell) -> None:
    """Take everything away again that `load` has put there."""
    known = shell.magics_manager.registry.pop(TrainMagics.__name__, None)
    if known is not None:
        known.session.close()
    for other in (EnvironmentMagics, ModelMagics):
        shell.magics_manager.registry.pop(other.__name__, None)
    for kind, names in _NAMES.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    if shell.Completer is not None:
        shell.Completer.custom_matchers[:] = [
            matcher
            for matcher in shell.Completer.custom_matchers
            if getattr(matcher, "matcher_identifier", None) != completion.MATCHER
        ]
