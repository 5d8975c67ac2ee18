"""The container part of an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain import ContainerRegistry
from jupyter_mltrain.core.docker_section import DEFAULT_CPU_IMAGE, DockerSection
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import DEFAULT_SHM_BYTES

DOCKERFILE = 'FROM base\nRUN echo "Hello"\n'


def test_a_dockerfile_and_an_image_exclude_each_other() -> None:
    docker = DockerSection()
    docker.base_dockerfile = DOCKERFILE
    assert docker.base_image is None
    docker.base_image = "a"
    assert docker.base_dockerfile is None


def test_setting_one_to_nothing_leaves_the_other() -> None:
    docker = DockerSection()
    docker.base_dockerfile = DOCKERFILE
    docker.base_image = None
    assert docker.base_dockerfile == DOCKERFILE
    docker.base_image = "a"
    docker.base_dockerfile = None
    assert docker.base_image == "a"


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_read_when_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    docker = DockerSection()
    docker.base_dockerfile = kind("./Dockerfile")
    (tmp_path / "Dockerfile").unlink()
    assert docker.base_dockerfile == DOCKERFILE


def test_it_copies_from_the_folder_that_it_lies_in(tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(DOCKERFILE)
    docker = DockerSection()
    docker.base_dockerfile = path
    assert docker.spec().context == str(tmp_path)


def test_a_text_has_no_folder_to_copy_from() -> None:
    docker = DockerSection()
    docker.base_dockerfile = "FROM base\nCOPY . /app"
    assert docker.spec().context is None


@pytest.mark.parametrize("text", ["FROM base", "# one line", "arg X=1"])
def test_one_line_may_be_the_text(text: str) -> None:
    docker = DockerSection()
    docker.base_dockerfile = text
    assert docker.base_dockerfile == text


def test_a_dockerfile_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No Dockerfile at .*nowhere\. Give its path"):
        DockerSection().base_dockerfile = tmp_path / "nowhere"
    with pytest.raises(FileNotFoundError, match="No Dockerfile at"):
        DockerSection().base_dockerfile = "./nowhere"


@pytest.mark.parametrize("image", ["", "  ", 3])
def test_what_is_no_image_is_refused(image: object) -> None:
    with pytest.raises(InvalidSpec, match="is the name of an image"):
        DockerSection().base_image = image  # type: ignore[assignment]


def test_a_registry_may_be_its_address() -> None:
    docker = DockerSection()
    docker.base_image_registry = "https://r.example:5000/"  # type: ignore[assignment]
    assert isinstance(docker.base_image_registry, ContainerRegistry)
    assert docker.spec().registry == "r.example:5000"


@pytest.mark.parametrize(
    ("image", "address"),
    [("r.example/team/a:1", "r.example"), ("localhost/a", "localhost"), ("a/b", "docker.io")],
)
def test_a_user_without_a_registry_is_of_the_image_s(image: str, address: str) -> None:
    docker = DockerSection()
    docker.base_image = image
    docker.base_image_registry.username = "me"
    docker.base_image_registry.password = "s3cret"
    assert docker.spec().registry == address
    assert docker.credentials == (address, "me", "s3cret")


def test_a_password_needs_a_user_and_a_registry() -> None:
    docker = DockerSection()
    docker.base_dockerfile = DOCKERFILE
    docker.base_image_registry.password = "s3cret"
    with pytest.raises(InvalidSpec, match=r"no user\. Set docker\.base_image_registry\.username"):
        _ = docker.credentials
    docker.base_image_registry.username = "me"
    with pytest.raises(InvalidSpec, match=r"no address\. Set docker\.base_image_registry"):
        _ = docker.credentials


def test_sizes_are_docker_s() -> None:
    docker = DockerSection()
    assert docker.spec().shm_bytes == DEFAULT_SHM_BYTES
    docker.shm_size = "512m"
    assert docker.spec().shm_bytes == 512 * 1024**2
    docker.shm_size = "much"
    with pytest.raises(InvalidSpec, match="'much' is no size"):
        docker.spec()


def test_options_are_single_words() -> None:
    docker = DockerSection()
    docker.arguments = ["--ulimit memlock=-1", "--label", "a b"]
    assert docker.spec().arguments == ("--ulimit", "memlock=-1", "--label", "a", "b")
    docker.arguments = '--label "a b"'
    assert docker.spec().arguments == ("--label", "a b")


def test_without_an_image_it_is_the_default_one() -> None:
    docker = DockerSection()
    docker.enabled, docker.base_image = True, None
    assert docker.spec().image == DEFAULT_CPU_IMAGE


def test_azure_s_settings_of_old_are_taken() -> None:
    docker = DockerSection()
    docker.gpu_support = True
    docker.shared_volumes = False
    assert docker.asked is False
