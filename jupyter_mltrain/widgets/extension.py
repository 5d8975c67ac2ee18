"""``%train_form``, which opens the form."""

# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.plainly import plainly

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_NAME = "train_form"


@magics_class
class FormMagics(Magics):
    """The form, as a magic."""

    @magic_arguments()
    @argument("file", metavar="FILE", nargs="?", help="A script or a notebook.")
    @line_magic(_NAME)
    def train_form(self, line: str) -> Any:
        """Open a form that submits a run.

        Examples::

            %train_form
            %train_form train.py
        """
        given = options.parse(self.train_form, line)
        with plainly(self.shell):
            from jupyter_mltrain.widgets import TrainForm

            return TrainForm(given.file)


def load(shell: InteractiveShell) -> None:
    """Register the magic."""
    shell.register_magics(FormMagics(shell))


def unload(shell: InteractiveShell) -> None:
    """Take the magic away again."""
    shell.magics_manager.registry.pop(FormMagics.__name__, None)
    shell.magics_manager.magics["line"].pop(_NAME, None)
