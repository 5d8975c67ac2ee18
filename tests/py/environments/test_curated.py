"""What ships with the product: environments under reserved names, and the default image."""

from __future__ import annotations

from pathlib import Path

import pytest
from definition_builders import a_definition, an_image

from jupyter_mltrain.environments import curated, dockerfile
from jupyter_mltrain.spec import is_reserved_name

GUIDE = Path(__file__).parents[3] / "docs/guide.md"
DEFAULT = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"


@pytest.mark.parametrize("name", curated.ENVIRONMENTS)
def test_the_name_of_a_given_environment_is_reserved(name: str) -> None:
    assert is_reserved_name(name)


@pytest.mark.parametrize("spec", curated.ENVIRONMENTS.values(), ids=lambda spec: spec.name)
def test_a_given_environment_pins_the_major_version_of_every_package(spec) -> None:
    assert all("==" in line and line.endswith(".*") for line in spec.packages.pip)
    assert spec.image is None


@pytest.mark.parametrize(
    "image",
    [
        DEFAULT,
        "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04",
        "mcr.microsoft.com/azureml/intelmpi2018.3-ubuntu16.04:20210301.v1",
        "mcr.microsoft.com/azureml/intelmpi2018.3-cuda10.0-cudnn7-ubuntu16.04:20210331.v1",
        "mcr.microsoft.com/azureml/openmpi3.1.2-cuda10.0-cudnn7-ubuntu18.04",
        "mcr.microsoft.com/azureml/base:intelmpi2018.3-ubuntu16.04",
        "mcr.microsoft.com/azureml/base-gpu:openmpi3.1.2-cuda10.0-cudnn7-ubuntu16.04",
    ],
)
def test_azures_base_images_stand_for_ours(image: str) -> None:
    described = curated.resolved(an_image(image=image)).image
    assert (described.image, described.dockerfile) == (None, curated.dockerfile())


@pytest.mark.parametrize(
    "image",
    [
        "azureml/base:intelmpi2018.3-ubuntu16.04",
        "openmpi4.1.0-ubuntu22.04",
        f"{DEFAULT}@sha256:{'0' * 64}",
        f"mcr.microsoft.com/azureml/base@sha256:{'0' * 64}",
        "mcr.microsoft.com/azureml/basement:1",
        "mcr.microsoft.com/azureml/sklearn-1.0-ubuntu20.04-py38-cpu",
        f"registry.example.com/{DEFAULT}",
        "mcr.microsoft.com/dotnet/sdk:8.0",
        "python:3.11",
    ],
)
def test_any_other_image_stands_for_itself(image: str) -> None:
    spec = an_image(image=image)
    assert curated.resolved(spec) is spec


def test_a_default_image_may_have_its_registry_apart() -> None:
    spec = an_image(image="azureml/base:intelmpi2018.3", registry="mcr.microsoft.com")
    described = curated.resolved(spec).image
    assert (described.dockerfile, described.registry) == (curated.dockerfile(), None)


def test_an_image_of_that_name_in_another_registry_stands_for_itself() -> None:
    spec = an_image(image="azureml/base:1", registry="registry.example.com")
    assert curated.resolved(spec) is spec


def test_what_was_set_of_the_container_stays() -> None:
    spec = an_image(image=DEFAULT, shm_bytes=5, arguments=("--init",), platform="linux/arm64")
    image = curated.resolved(spec).image
    assert (image.shm_bytes, image.arguments) == (5, ("--init",))
    assert image.platform == "linux/arm64"


def test_packages_without_an_image_stay_as_they_are() -> None:
    spec = a_definition()
    assert curated.resolved(spec) is spec


def test_the_base_can_be_another_image() -> None:
    assert (
        "\nFROM debian:13\n"
        in curated.resolved(an_image(image=DEFAULT), "debian:13").image.dockerfile
    )


def test_the_default_image_is_a_dockerfile_without_a_context() -> None:
    parsed = dockerfile.parse(curated.dockerfile())
    assert {each.word for each in parsed.instructions} == {"FROM", "RUN"}


def test_the_guide_shows_what_the_default_image_is() -> None:
    _, _, text = curated.dockerfile().partition("\n")
    assert text in GUIDE.read_text()


def test_a_log_says_what_the_name_stands_for() -> None:
    spec = an_image(image=DEFAULT)
    said = curated.notice(spec, curated.resolved(spec))
    assert said.startswith(f"{DEFAULT} stands for this Dockerfile")
    assert curated.dockerfile() in said
