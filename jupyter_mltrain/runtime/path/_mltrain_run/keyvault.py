"""The secrets of a workspace, as a run reads them: asked for, and kept by nobody on the way."""

from .asking import ask
from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional


class Keyvault:
    """Secrets are set in the notebook; a run reads them."""

    def __init__(self, workspace: "Any" = None) -> None:
        self.workspace = workspace

    def get_secret(self, name: str) -> str:
        """The secret of that name; raises `UserErrorException` if there is none."""
        value: str = _ask([name], True)[name]
        return value

    def get_secrets(self, secrets: "Iterable[str]") -> "Dict[str, Optional[str]]":
        """Name -> secret, `None` for each that there is none of."""
        found: "Dict[str, Optional[str]]" = _ask(list(secrets), False)
        return found

    def set_secret(self, name: str, value: str, *more: "Any") -> None:
        raise UserErrorException(
            "A run reads secrets and sets none. In a notebook, "
            "`ws.get_default_keyvault().set_secret(name, value)` does."
        )

    def __repr__(self) -> str:
        return "Keyvault()"


def _ask(names: "Any", all_of_them: bool) -> "Any":
    from .context import Run

    run = Run.get_context(allow_offline=False)
    return ask(run, "secret", names=names, all=all_of_them)
