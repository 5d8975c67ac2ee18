"""What Azure ML does with models once they are trained, and is not part of this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.model import Model
    from jupyter_mltrain.core.workspace import Workspace


class NotServed:
    """The methods of Azure's `Model` that deploy it: each says what to do instead."""

    @staticmethod
    def deploy(
        workspace: Workspace,
        name: str,
        models: Sequence[Model],
        inference_config: Any = None,
        deployment_config: Any = None,
        deployment_target: Any = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> NoReturn:
        """Azure's; raises `UserError`, since nothing is deployed here."""
        raise _not_here("Model.deploy", "Deploying models as web services")

    @staticmethod
    def package(
        workspace: Workspace,
        models: Sequence[Model],
        inference_config: Any = None,
        generate_dockerfile: bool = False,
        image_name: str | None = None,
        image_label: str | None = None,
    ) -> NoReturn:
        """Azure's; raises `UserError`, since nothing is deployed here."""
        raise _not_here("Model.package", "Packing models into images")

    @staticmethod
    def profile(
        workspace: Workspace,
        profile_name: str,
        models: Sequence[Model],
        inference_config: Any,
        input_dataset: Any,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        description: str | None = None,
    ) -> NoReturn:
        """Azure's; raises `UserError`, since nothing is deployed here."""
        raise _not_here("Model.profile", "Measuring models as web services")

    @staticmethod
    def print_configuration(
        models: Sequence[Model],
        inference_config: Any,
        deployment_config: Any,
        deployment_target: Any,
    ) -> NoReturn:
        """Azure's; raises `UserError`, since nothing is deployed here."""
        raise _not_here("Model.print_configuration", "Deploying models as web services")


def _not_here(what: str, does: str) -> UserError:
    return UserError(
        f"{does} is not part of jupyter_mltrain, so {what} does nothing here. "
        "`Model.download` fetches the files for whatever serves them."
    )
