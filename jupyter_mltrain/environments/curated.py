"""What ships with the product: environments under reserved names, and the default image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain.spec import EnvironmentSpec, PackagesSpec

BASE_IMAGE: Final = "python:3.11-slim-bookworm"
"""What `dockerfile` begins with, unless a workspace's ``settings.json`` says otherwise."""

_VERSION: Final = "1"
"""Of all of them; grows with every change of what they install."""

_PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "python": (),
    "sklearn": ("scikit-learn==1.*", "pandas==2.*", "matplotlib==3.*"),
    "pytorch": ("torch==2.*", "torchvision==0.*", "pandas==2.*", "matplotlib==3.*"),
    "tensorflow": ("tensorflow==2.*", "pandas==2.*", "matplotlib==3.*"),
}

ENVIRONMENTS: Final[Mapping[str, EnvironmentSpec]] = MappingProxyType(
    {
        name: EnvironmentSpec(name=name, version=_VERSION, packages=PackagesSpec(pip=packages))
        for name, packages in _PACKAGES.items()
    }
)
"""Name -> definition: packages of one major version, on a Python that is there."""


_HOST: Final = "mcr.microsoft.com"
_DEFAULT_IMAGE = re.compile(
    r"azureml/(?:(?:openmpi|intelmpi)[\w.-]*|base(?:-gpu)?)(?::[\w.-]+)?\Z", re.ASCII
)
"""The base images of Azure ML in all its years, for CPU and GPU, as it named them by default.

References
----------
``azureml.core.environment.DEFAULT_CPU_IMAGE`` and ``DEFAULT_GPU_IMAGE``, azureml-core 1.0 to 1.61.
"""


def is_default_image(image: str, registry: str | None = None) -> bool:
    """Whether that name stands for our own base; one with a digest, ``@sha256:…``, never does."""
    host, _, path = image.partition("/")
    if host != _HOST:
        host, path = registry or "", image
    return host == _HOST and _DEFAULT_IMAGE.match(path) is not None


def dockerfile(base_image: str = BASE_IMAGE) -> str:
    """The text of the default image: a Python, and Open MPI from the distribution.

    CUDA is not in it: the wheels of PyTorch, TensorFlow and JAX bring theirs, and the driver
    comes from the machine.
    """
    return _DOCKERFILE.format(base_image=base_image)


_DOCKERFILE: Final = """\
# The default image of jupyter_mltrain's environments: {base_image} with Open MPI.
FROM {base_image}
RUN apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openmpi-bin \\
 && rm -rf /var/lib/apt/lists/*
"""


def resolved(spec: EnvironmentSpec, base_image: str = BASE_IMAGE) -> EnvironmentSpec:
    """The definition with the name of a default image replaced by what that is built from.

    All others come back as they are. What a user set of the container (shared memory, options)
    stays; a registry's name and user do not, since nothing comes from there.
    """
    image = spec.image
    if image is None or image.image is None or not is_default_image(image.image, image.registry):
        return spec
    described = replace(
        image, image=None, dockerfile=dockerfile(base_image), registry=None, username=None
    )
    return replace(spec, image=described)


def notice(spec: EnvironmentSpec, described: EnvironmentSpec) -> str:
    """What a build's log says first, when its image was replaced by what it stands for."""
    name = spec.image.image if spec.image is not None else spec.name
    text = described.image.dockerfile if described.image is not None else ""
    return (
        f"{name} stands for this Dockerfile; give its digest to have that image itself.\n{text}\n"
    )
