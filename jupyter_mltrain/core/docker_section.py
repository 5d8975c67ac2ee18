"""`DockerSection` and `DockerConfiguration`: the container that a script runs in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from jupyter_mltrain.core.container_registry import ContainerRegistry
from jupyter_mltrain.core.strict import Strict
from jupyter_mltrain.core.words import parse_size
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import DEFAULT_SHM_BYTES, ImageSpec

DEFAULT_CPU_IMAGE: Final = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
DEFAULT_GPU_IMAGE: Final = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"

_INSTRUCTION: Final = re.compile(r"\s*(#|(FROM|ARG)\s)", re.IGNORECASE)
"""How the text of a Dockerfile begins."""


class DockerConfiguration(Strict):
    """`docker_runtime_config` of a `ScriptRunConfig`: how its container is made."""

    __slots__ = ("arguments", "shared_volumes", "shm_size", "use_docker")

    def __init__(
        self,
        use_docker: bool = False,
        shared_volumes: bool = True,
        arguments: Sequence[str] = (),
        shm_size: str | None = None,
    ) -> None:
        """Azure's parameters.

        Parameters
        ----------
        use_docker
            Run in a container, of the environment's base image if it names no other. Without it,
            an image or a Dockerfile that the environment names still means a container.
        shared_volumes
            Has no meaning here: there is nothing that would have to be shared otherwise.
        arguments
            Further options of ``docker run``, besides those of the environment.
        shm_size
            Shared memory, as in ``2g``; `None` is what the environment says.
        """
        self.use_docker = use_docker
        self.shared_volumes = shared_volumes
        self.arguments = list(arguments)
        self.shm_size = shm_size

    def __repr__(self) -> str:
        return (
            f"DockerConfiguration(use_docker={self.use_docker!r}, arguments={self.arguments!r}, "
            f"shm_size={self.shm_size!r})"
        )


class DockerSection(Strict):
    """The container part of an environment.

    An image or a Dockerfile that is set means a container, and so does `enabled`. The default base
    image alone does not.
    """

    __slots__ = (
        *("_context", "_dockerfile", "_image", "_is_default", "_registry"),
        *("arguments", "enabled", "platform", "shared_volumes", "shm_size"),
    )

    def __init__(self) -> None:
        self.enabled = False
        """Run in a container of `base_image`, also if that is the default one."""
        self.arguments: Sequence[str] = []
        """Further options of ``docker run``."""
        self.shm_size: str | None = "2g"
        """Shared memory of the container, as docker writes it."""
        self.platform: str | None = None
        """As in ``linux/amd64``; `None` is the engine's own."""
        self.shared_volumes = True
        """Azure's; without a meaning here."""
        self._image: str | None = DEFAULT_CPU_IMAGE
        self._is_default = True
        self._dockerfile: str | None = None
        self._context: str | None = None
        self._registry = ContainerRegistry()

    @property
    def base_image(self) -> str | None:
        """Reference of an image. Setting it takes a Dockerfile away."""
        return self._image

    @base_image.setter
    def base_image(self, image: str | None) -> None:
        if image is not None:
            if not isinstance(image, str) or not image.strip():
                raise InvalidSpec(
                    "docker.base_image is the name of an image, as in 'python:3.11', not "
                    f"{image!r}."
                )
            self._dockerfile = self._context = None
        self._image, self._is_default = image and image.strip(), False

    @property
    def base_dockerfile(self) -> str | None:
        """Text of a Dockerfile. A path is read at once, and the folder of the file is what the
        Dockerfile copies from. Setting it takes the base image away.

        Raises
        ------
        FileNotFoundError
            What is set is a path, and no file is there.
        """
        return self._dockerfile

    @base_dockerfile.setter
    def base_dockerfile(self, dockerfile: str | Path | None) -> None:
        if dockerfile is None:
            self._dockerfile = self._context = None
            return
        self.set_dockerfile(*_read(dockerfile))

    def set_dockerfile(self, text: str, context: str | None) -> None:
        """Set the text of a Dockerfile, and the folder that it copies from."""
        self._dockerfile, self._context = text, context
        self._image, self._is_default = None, False

    @property
    def context(self) -> str | None:
        """The folder that the Dockerfile copies from; in an environment that was got from a
        workspace, the id of its snapshot."""
        return self._context

    @property
    def base_image_registry(self) -> ContainerRegistry:
        """Where the image, or what the Dockerfile builds on, is pulled from. Takes an address."""
        return self._registry

    @base_image_registry.setter
    def base_image_registry(self, registry: ContainerRegistry | str | None) -> None:
        if not isinstance(registry, ContainerRegistry):
            address, registry = registry, ContainerRegistry()
            registry.address = address
        self._registry = registry

    @property
    def gpu_support(self) -> bool:
        """Azure's, of old: GPUs are there for the run that asks for them."""
        return True

    @gpu_support.setter
    def gpu_support(self, value: bool) -> None: ...

    @property
    def asked(self) -> bool:
        """Whether this means a container."""
        named = self._image is not None and not self._is_default
        return bool(self.enabled) or named or self._dockerfile is not None

    def spec(self, runtime: DockerConfiguration | None = None) -> ImageSpec:
        """The container, as the service needs to know it.

        Raises
        ------
        InvalidSpec
            Something about it cannot be.
        """
        image = self._image
        if image is None and self._dockerfile is None:
            image = DEFAULT_CPU_IMAGE
        size = self.shm_size
        arguments = option_words(self.arguments)
        if runtime is not None:
            size = runtime.shm_size or size
            arguments += option_words(runtime.arguments)
        return ImageSpec(
            image=image,
            dockerfile=self._dockerfile,
            context=self._context,
            registry=self._address(),
            username=self._registry.username or None,
            platform=self.platform,
            arguments=arguments,
            shm_bytes=DEFAULT_SHM_BYTES if size is None else parse_size(str(size)),
        )

    @property
    def credentials(self) -> tuple[str, str, str] | None:
        """Address, user and password, where a password was given.

        Raises
        ------
        InvalidSpec
            It is not said for which user, or for which registry.
        """
        registry = self._registry
        if not self.asked or not registry.password:
            return None
        if not registry.username:
            raise InvalidSpec(
                "The registry has a password and no user. Set docker.base_image_registry.username."
            )
        address = self._address()
        if address is None:
            raise InvalidSpec(
                "The registry has a password and no address. Set "
                "docker.base_image_registry.address."
            )
        return address, registry.username, registry.password

    def _address(self) -> str | None:
        """The registry's; with a user, also if only the image's name says it."""
        registry = self._registry
        if registry.host or not registry.username or self._image is None:
            return registry.host
        first, slash, _ = self._image.partition("/")
        named = bool(slash) and (first == "localhost" or "." in first or ":" in first)
        return first if named else "docker.io"

    @classmethod
    def of(cls, spec: ImageSpec) -> DockerSection:
        """The section that gives this spec."""
        section = cls()
        section.enabled = True
        section._image, section._is_default = spec.image, False
        section._dockerfile, section._context = spec.dockerfile, spec.context
        section._registry.address, section._registry.username = spec.registry, spec.username
        section.platform = spec.platform
        section.shm_size = _size_text(spec.shm_bytes)
        section.arguments = list(spec.arguments)
        return section

    def __repr__(self) -> str:
        what = (
            f"base_dockerfile={self._dockerfile!r}"
            if self._dockerfile is not None
            else f"base_image={self._image!r}"
        )
        return f"DockerSection(enabled={self.enabled!r}, {what})"


def _read(dockerfile: str | Path) -> tuple[str, str | None]:
    """The text, and the folder that it copies from where that is known."""
    if isinstance(dockerfile, str) and ("\n" in dockerfile or _INSTRUCTION.match(dockerfile)):
        return dockerfile, None
    path = Path(dockerfile).expanduser().absolute()
    if not path.is_file():
        raise FileNotFoundError(
            f"No Dockerfile at {path}. Give its path, or its text, which begins with FROM."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidSpec(f"{path} is not text in UTF-8. Name a Dockerfile.") from None
    return text, str(path.parent)


def _size_text(size: int) -> str:
    for power, unit in ((3, "g"), (2, "m"), (1, "k")):
        if size % 1_024**power == 0:
            return f"{size // 1_024**power}{unit}"
    return f"{size}b"


def option_words(arguments: Sequence[str] | str | None) -> tuple[str, ...]:
    """The options of ``docker run`` word by word, however they were written."""
    lines = [arguments] if isinstance(arguments, str) else arguments or ()
    return tuple(word for line in lines for word in shlex.split(str(line)))
