"""Estimators: parameters, what they exclude, what they become."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain import ContainerRegistry, Environment
from jupyter_mltrain.core import estimator as estimators
from jupyter_mltrain.core.distributed import Gloo, Mpi, Nccl, ParameterServer
from jupyter_mltrain.core.estimator import (
    Chainer,
    Estimator,
    MMLBaseEstimator,
    PyTorch,
    SKLearn,
    TensorFlow,
)
from jupyter_mltrain.core.migration import to_script_run_config_code
from jupyter_mltrain.core.run_configuration import RunConfiguration
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import RunSpec

KINDS = (Estimator, PyTorch, TensorFlow, SKLearn, Chainer)


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No notice was printed before."""
    monkeypatch.setattr(estimators, "_said", set())


def an_estimator(kind: type[Estimator] = Estimator, **given: Any) -> Estimator:
    return kind(".", **{"compute_target": "local", "entry_script": "train.py", **given})


def spec_of(kind: type[Estimator] = Estimator, **given: Any) -> RunSpec:
    """What the service gets of it."""
    return an_estimator(kind, **given).request("e").spec


# Arguments


def test_parameters_become_arguments_and_an_empty_one_a_flag() -> None:
    params = {"--lr": 0.1, "--epochs": 3, "--verbose": "", "--name": "a b"}
    estimator = an_estimator(script_params=params)
    assert estimator.run_config.arguments == [
        *("--lr", 0.1, "--epochs", 3, "--verbose", "--name", "a b")
    ]
    assert estimator.request("e").spec.arguments == (
        *("--lr", "0.1", "--epochs", "3", "--verbose", "--name", "a b"),
    )


def test_parameters_are_a_dict() -> None:
    with pytest.raises(InvalidSpec, match="script_params is a dict"):
        an_estimator(script_params=["--lr", 0.1])


def test_the_run_config_is_live() -> None:
    estimator = an_estimator()
    estimator.run_config.environment_variables["A"] = "1"
    estimator.run_config.arguments.append("x")
    estimator.conda_dependencies.add_pip_package("rich")
    estimator.run_config.environment.python.user_managed_dependencies = False
    spec = estimator.request("e").spec
    assert (spec.arguments, dict(spec.variables)) == (("x",), {"A": "1"})
    assert spec.environment.packages is not None
    assert spec.environment.packages.pip == ("rich",)


def test_the_source_directory_is_text() -> None:
    assert Estimator(Path("src"), compute_target="local").source_directory == "src"


# The environment


def test_without_packages_and_image_it_is_this_python() -> None:
    environment = spec_of().environment
    assert (environment.image, environment.packages) == (None, None)
    assert environment.interpreter is not None


def test_packages_without_an_image_are_for_a_python_of_this_machine() -> None:
    environment = spec_of(conda_packages=["scikit-learn"], pip_packages=["rich>=13"]).environment
    assert environment.image is None
    assert environment.packages is not None
    assert environment.packages.conda == ("scikit-learn",)
    assert environment.packages.pip == ("rich>=13",)


@pytest.mark.parametrize("spelling", ["custom_docker_image", "custom_docker_base_image"])
def test_an_image_means_a_container_in_both_spellings(spelling: str) -> None:
    estimator = an_estimator(**{spelling: "microsoft/mmlspark:0.12"})
    assert estimator.run_config.docker.use_docker
    assert not estimator.run_config.environment.docker.enabled
    environment = estimator.request("e").spec.environment
    assert environment.image is not None
    assert environment.image.image == "microsoft/mmlspark:0.12"
    assert environment.packages is None


def test_an_image_of_a_registry_has_its_address() -> None:
    registry = ContainerRegistry()
    registry.address, registry.username = "r.example", "ada"
    environment = spec_of(custom_docker_image="a/b", image_registry_details=registry).environment
    assert environment.image is not None
    assert (environment.image.registry, environment.image.username) == ("r.example", "ada")


def test_files_with_packages_are_read_from_the_source_directory(tmp_path: Path) -> None:
    (tmp_path / "env.yml").write_text("dependencies: [python=3.11, numpy]")
    (tmp_path / "req.txt").write_text("rich\n")
    for conda, pip in (
        ("conda_dependencies_file", "pip_requirements_file"),
        ("conda_dependencies_file_path", "pip_requirements_file_path"),
    ):
        estimator = Estimator(
            tmp_path, compute_target="local", **{conda: "env.yml", pip: "req.txt"}
        )
        packages = estimator.conda_dependencies
        assert list(packages.conda_packages) == ["python=3.11", "numpy"]
        assert list(packages.pip_packages) == ["rich"]


def test_a_definition_is_taken_as_it_is() -> None:
    environment = Environment.from_docker_image("net", "python:3.11")
    estimator = an_estimator(environment_definition=environment)
    assert estimator.run_config.environment is environment
    assert estimator.run_config.docker.use_docker


@pytest.mark.parametrize(
    "besides",
    [
        {"pip_packages": ["a"]},
        {"conda_packages": ["a"]},
        {"custom_docker_image": "a"},
        {"custom_docker_base_image": "a"},
        {"use_gpu": True},
        {"user_managed": True},
        {"shm_size": "4g"},
    ],
)
def test_a_definition_excludes_all_that_describes_another(besides: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="environment_definition is a whole environment"):
        an_estimator(environment_definition=Environment("e"), **besides)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"compute_target": None}, "has no compute target"),
        ({"custom_docker_image": "a", "custom_docker_base_image": "b"}, "given twice"),
        ({"custom_docker_image": "a", "use_docker": False}, "exclude each other"),
        ({"pip_packages": "torch"}, r"pip_packages is a list, as in \['torch'\]"),
        ({"user_managed": True, "pip_packages": ["a"]}, "installs nothing"),
        ({"node_count": 2}, r"nothing that starts them\. Pass distributed_training=Mpi"),
        ({"process_count_per_node": 2}, "nothing that starts them"),
        ({"distributed_backend": "nccl"}, "is no distributed_backend. Use 'mpi'"),
        ({"distributed_backend": "ps"}, "is TensorFlow's"),
        ({"distributed_backend": "mpi", "distributed_training": Mpi()}, "say the same"),
        ({"distributed_training": "mpi"}, "not str"),
        ({"distributed_training": Nccl()}, "for the PyTorch estimator, not for Estimator"),
        ({"distributed_training": Gloo()}, "for the PyTorch estimator"),
        ({"distributed_training": ParameterServer()}, "for the TensorFlow estimator"),
    ],
)
def test_parameters_that_cannot_be_are_refused_at_once(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        an_estimator(**given)


def test_a_vm_size_alone_means_this_machine_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    estimator = Estimator(".", vm_size="STANDARD_D2_V2", entry_script="train.py")
    assert estimator.run_config.target == "local"
    assert estimator.run_config.amlcompute.vm_size == "STANDARD_D2_V2"
    assert "the run is for 'local', this one." in capsys.readouterr().out


def test_a_gpu_is_asked_for() -> None:
    assert spec_of(use_gpu=True).resources.gpus == 1


# Several nodes and processes


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (Estimator, {"distributed_backend": "mpi"}, ("Python", "IntelMpi", 2, 3)),
        (Estimator, {"distributed_training": Mpi(3)}, ("Python", "IntelMpi", 2, 3)),
        (PyTorch, {"distributed_training": Nccl()}, ("PyTorch", "Nccl", 2, 3)),
        (PyTorch, {"distributed_training": Gloo()}, ("PyTorch", "Gloo", 2, 3)),
        (
            TensorFlow,
            {"distributed_training": ParameterServer(2, 1)},
            ("TensorFlow", "ParameterServer", 3, 1),
        ),
        (
            TensorFlow,
            {"distributed_backend": "ps", "worker_count": 3, "parameter_server_count": 2},
            ("TensorFlow", "ParameterServer", 5, 1),
        ),
    ],
)
def test_nodes_and_processes_are_in_the_request(
    kind: type[Estimator], given: dict[str, Any], expected: tuple[str, str, int, int]
) -> None:
    spec = spec_of(kind, node_count=2, process_count_per_node=3, **given)
    found = (spec.framework, spec.communicator, spec.node_count, spec.processes_per_node)
    assert found == expected


# Frameworks


@pytest.mark.parametrize(
    ("kind", "version", "package"),
    [
        (PyTorch, None, "torch"),
        (PyTorch, "1.4", "torch==1.4"),
        (TensorFlow, "2.0", "tensorflow==2.0"),
        (SKLearn, None, "scikit-learn"),
        (Chainer, "5.1.0", "chainer==5.1.0"),
    ],
)
def test_a_framework_is_installed(kind: type[Estimator], version: str | None, package: str) -> None:
    environment = spec_of(kind, framework_version=version).environment
    assert environment.packages is not None
    assert package in environment.packages.pip


def test_a_framework_that_is_named_is_taken_as_it_is_named() -> None:
    environment = spec_of(PyTorch, pip_packages=["torch==2.8", "torchvision"]).environment
    assert environment.packages is not None
    assert environment.packages.pip == ("torch==2.8", "torchvision")


def test_an_image_is_taken_to_have_the_framework() -> None:
    assert spec_of(SKLearn, custom_docker_image="a/b").environment.packages is None


def test_the_version_that_was_asked_for_is_known() -> None:
    assert an_estimator(SKLearn, framework_version="1.7").framework_version == "1.7"  # type: ignore[attr-defined]
    assert SKLearn.get_supported_versions() == [SKLearn.DEFAULT_VERSION]
    assert SKLearn.FRAMEWORK_NAME == "SKLearn"


def test_a_framework_has_the_parameters_of_azures() -> None:
    names = list(inspect.signature(TensorFlow).parameters)
    assert names[:2] == ["source_directory", "compute_target"]
    assert names[names.index("process_count_per_node") + 1] == "worker_count"
    assert names[-1] == "framework_version"
    assert "node_count" not in inspect.signature(SKLearn).parameters
    with pytest.raises(TypeError, match="node_count"):
        an_estimator(SKLearn, node_count=2)
    with pytest.raises(TypeError, match="nonsense"):
        an_estimator(PyTorch, nonsense=2)


# The notice, and the way out


@pytest.mark.parametrize("kind", KINDS)
def test_the_notice_comes_once_and_in_one_line(
    kind: type[Estimator], capsys: pytest.CaptureFixture[str]
) -> None:
    an_estimator(kind)
    an_estimator(kind)
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"{kind.__name__} is deprecated since Azure ML's SDK 1.19.")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"script_params": {"--lr": 0.1, "--flag": ""}},
        {"conda_packages": ["numpy"], "pip_packages": ["rich"]},
        {"custom_docker_image": "a/b:1", "shm_size": "4g", "environment_variables": {"A": "1"}},
        {"node_count": 2, "process_count_per_node": 2, "distributed_backend": "mpi"},
        {"use_gpu": True, "max_run_duration_seconds": 60},
        {"environment_variables": {"A": "1"}},
    ],
)
def test_the_code_of_the_script_run_config_does_the_same(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    estimator = an_estimator(**given)
    capsys.readouterr()
    estimator.migration()
    code = capsys.readouterr().out
    submitted = []

    class Experiment:
        def submit(self, config: Any) -> None:
            submitted.append(config.request("e").spec)

    exec(code, {"experiment": Experiment()})
    expected = estimator.request("e").spec
    (found,) = submitted
    # An interpreter has no name of its own: nothing is registered.
    assert found.environment.packages == expected.environment.packages
    assert found.environment.image == expected.environment.image
    assert dict(found.environment.variables) == dict(expected.environment.variables)
    for name in ("script", "arguments", "compute", "resources", "node_count", "communicator"):
        assert getattr(found, name) == getattr(expected, name), name
    assert (found.processes_per_node, found.timeout_s) == (
        expected.processes_per_node,
        expected.timeout_s,
    )


def test_the_code_of_data_gets_it_by_its_name() -> None:
    from jupyter_mltrain.core.data_reference import DataReference

    class Store:
        name = "store"

    reference = DataReference(Store(), "mnist", "digits", "download")  # type: ignore[arg-type]
    code = to_script_run_config_code(an_estimator(script_params={"--data": reference}))
    assert "arguments=['--data', Datastore.get(ws, 'store').path('digits').as_download()]" in code
    assert "from jupyter_mltrain.azureml.core import Datastore" in code


def test_the_base_class_takes_a_run_configuration() -> None:
    config = RunConfiguration("train.py", ["x"])
    spec = MMLBaseEstimator(".", compute_target="local", estimator_config=config).request("e").spec
    assert (spec.script, spec.arguments) == ("train.py", ("x",))
