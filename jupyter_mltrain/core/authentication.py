"""Azure's ways to sign in, for code that names one. There is nothing to sign in to.

A workspace belongs to the user of the system, so these ask nobody, and keep nothing of what they
are given: passwords and tokens are passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from jupyter_mltrain.errors import NotOffered


class AbstractAuthentication:
    """What every way to sign in can be asked for in Azure."""

    def get_authentication_header(self) -> NoReturn:
        """Refuse: there is no service of Azure's that would take the header."""
        self._refuse("get_authentication_header")

    def signed_session(self, session: Any = None) -> NoReturn:
        """Refuse: there is no service of Azure's that would take the session."""
        self._refuse("signed_session")

    def get_token(self, *scopes: Any, **kwargs: Any) -> NoReturn:
        """Refuse: there is no service of Azure's that would take the token."""
        self._refuse("get_token")

    def _refuse(self, name: str) -> NoReturn:
        raise NotOffered(
            f"{type(self).__name__}.{name}: there is nothing to sign in to. The workspace's "
            "objects, such as `Workspace` and `Experiment`, need no header or token."
        )


class InteractiveLoginAuthentication(AbstractAuthentication):
    """Signing in with a browser, in Azure."""

    def __init__(
        self, force: bool = False, tenant_id: str | None = None, cloud: str | None = None
    ) -> None:
        """Ask nobody."""


class AzureCliAuthentication(AbstractAuthentication):
    """Being signed in with ``az``, in Azure."""

    def __init__(self, cloud: str | None = None) -> None:
        """Ask nobody."""


class MsiAuthentication(AbstractAuthentication):
    """Being a machine with an identity, in Azure."""

    def __init__(self, cloud: str | None = None, **kwargs: Any) -> None:
        """Ask nobody."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """Signing in as an application, in Azure."""

    def __init__(
        self,
        tenant_id: str,
        service_principal_id: str,
        service_principal_password: str,
        cloud: str = "AzureCloud",
    ) -> None:
        """Ask nobody, and keep no password."""


class TokenAuthentication(AbstractAuthentication):
    """Signing in with tokens that a function gives, in Azure."""

    def __init__(
        self, get_token_for_audience: Callable[..., str], cloud: str | None = None
    ) -> None:
        """Ask nobody: the function is never called."""

    def get_token(self, audience: Any = "ARM") -> NoReturn:
        """Refuse: there is no service of Azure's that would take the token."""
        self._refuse("get_token")


class ArmTokenAuthentication(AbstractAuthentication):
    """Signing in with a token at hand, in Azure."""

    def __init__(self, arm_access_token: str, cloud: str | None = None) -> None:
        """Ask nobody, and keep no token."""
