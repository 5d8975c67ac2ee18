"""`ImageBuildDetails`: an environment that is being made ready, to wait for and to read."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import Build, BuildState

if TYPE_CHECKING:
    from jupyter_mltrain.client import LogChunk
    from jupyter_mltrain.core.environment import Environment
    from jupyter_mltrain.core.workspace import Workspace

_STATUS: Final = {
    BuildState.WAITING: "Queued",
    BuildState.BUILDING: "Running",
    BuildState.BUILT: "Succeeded",
    BuildState.FAILED: "Failed",
    BuildState.CANCELED: "Canceled",
    BuildState.STALE: "Stale",
}
"""In Azure's words."""


class ImageBuildDetails:
    """One build of an environment."""

    log_url: None = None
    """Azure's; `get_log` has the text."""

    def __init__(self, workspace: Workspace, build: Build) -> None:
        self._client = workspace.client
        self.build = build
        """The record, as it was when it was last asked for."""

    @property
    def status(self) -> str:
        """How it stands now: Queued, Running, Succeeded, Failed, Canceled or Stale."""
        self.build = self._client.get_build(self.build.id)
        return _STATUS[self.build.state]

    def get_log(self) -> str:
        """What it has said so far."""
        data = b"".join(self._client.read_build_log(self.build.id))
        return data.decode("utf-8", errors="replace")

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Wait until it has ended, printing its log as it grows.

        Raises
        ------
        EnvironmentFailed
            It failed or was canceled; the sentence says why.
        """
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        for item in self._client.follow_build(self.build.id):
            if isinstance(item, Build):
                self.build = item
            elif show_output:
                print(_text(decoder, item), end="", flush=True)
        if show_output:
            print(f"Image Build Status: {_STATUS[self.build.state]}")
        if self.build.state is not BuildState.BUILT:
            named = f"{self.build.name}:{self.build.version}"
            reason = self.build.reason or f"It is {self.build.state}."
            raise EnvironmentFailed(f"The environment {named} is not built. {reason}")
        return self

    def cancel(self) -> None:
        """Ask it to end; does not wait."""
        self._client.cancel_build(self.build.id)

    def __repr__(self) -> str:
        return f"ImageBuildDetails({self.build.name!r}, {_STATUS[self.build.state]!r})"


def image_details(environment: Environment, build: Build | None) -> dict[str, Any]:
    """What of an environment is built, in the shape of Azure's.

    Parameters
    ----------
    build
        The latest of exactly this.
    """
    built = build.built if build is not None and build.state is BuildState.BUILT else None
    docker, python = environment.docker, environment.python
    registry = docker.base_image_registry
    packages = None if python.user_managed_dependencies else python.conda_dependencies
    return {
        "imageExistsInRegistry": built is not None,
        "dockerImage": {
            "name": built and built.image,
            "registry": {"address": registry.address, "username": registry.username},
        },
        "pythonEnvironment": {"interpreterPath": built and built.interpreter},
        "ingredients": {
            "dockerfile": docker.base_dockerfile,
            "condaEnvSpec": packages and packages.serialize_to_string(),
        },
    }


def _text(decoder: codecs.IncrementalDecoder, chunk: LogChunk) -> str:
    return decoder.decode(chunk.data)
