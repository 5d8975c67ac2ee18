"""``%load_ext jupyter_mltrain`` and ``%unload_ext jupyter_mltrain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mltrain.magics.commands import TrainMagics
from jupyter_mltrain.magics.completion import KEYS, Completer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAMES = {"cell": ("train",), "line": ("train", "runs", "run_logs", "run_cancel")}


def load(shell: InteractiveShell) -> None:
    """Register the magics and what completes them; a second time replaces the first."""
    unload(shell)
    magics = TrainMagics(shell)
    shell.register_magics(magics)
    completer = Completer(magics)
    for key in KEYS:
        # The hook is bound to the shell as a method is, so it has to be a function.
        shell.set_hook("complete_command", lambda _, event: completer(shell, event), str_key=key)


def unload(shell: InteractiveShell) -> None:
    """Take everything away again that `load` has put there."""
    known = shell.magics_manager.registry.pop(TrainMagics.__name__, None)
    if known is not None:
        known.session.close()
    for kind, names in _NAMES.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    hooks = shell.strdispatchers.get("complete_command")
    for key in KEYS if hooks is not None else ():
        hooks.strs.pop(key, None)
