"""``%models``: what was registered."""

# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, Final

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.plainly import plainly
from jupyter_mltrain.magics.session import Session
from jupyter_mltrain.spec import Model

_EMPTY: Final = "No models yet. `_run.register_model(NAME, PATH)` makes one of a run's files."


@magics_class
class ModelMagics(Magics):
    """The magic about models, over the session of the others."""

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session

    @magic_arguments()
    @argument("name", metavar="NAME", nargs="?", help="Every version of this one.")
    @line_magic
    def models(self, line: str) -> None:
        """List the workspace's models, of each the latest version; or the versions of one.

        Examples::

            %models
            %models digits
        """
        given = options.parse(self.models, line)
        with plainly(self.shell):
            client = self.session.workspace().client
            name, _, version = (given.name or "").partition(":")
            if not name:
                found = client.models(latest=True)
            else:
                model = client.model(name, version or None)  # says what there is, if not this one
                found = (model,) if version else client.models(name)
            print(_table(found, datetime.now(timezone.utc)) if found else _EMPTY)


def _table(models: Sequence[Model], now: datetime) -> str:
    """One line for each under a line of titles."""
    from jupyter_mltrain import units
    from jupyter_mltrain.core import words
    from jupyter_mltrain.core.folding import plain

    rows = [("name", "version", "size", "framework", "made", "from", "")]
    rows += [
        (
            model.name,
            str(model.version),
            units.size(model.size_bytes),
            plain(model.framework or ""),
            words.age(model.created_at, now),
            plain(model.experiment or ""),
            plain(model.description or "")[:60],
        )
        for model in models
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
