"""What Azure has and this does not: it imports, and one sentence says what to use instead."""

from __future__ import annotations

import importlib
import inspect
import pickle

import pytest

from jupyter_mltrain import azureml as ours
from jupyter_mltrain.azureml import names, refusals
from jupyter_mltrain.core.exceptions import UserErrorException, WebserviceException
from jupyter_mltrain.errors import NotOffered

REFUSED = sorted(
    (path, name)
    for path, here in names.MODULES.items()
    for name in here
    if name not in names.HOMES or refusals.subject_of(path) is not None
)


def the(path: str, name: str) -> object:
    return getattr(importlib.import_module(f"jupyter_mltrain.azureml.{path}"), name)


@pytest.mark.parametrize(("path", "name"), REFUSED)
def test_every_refusal_speaks_when_it_is_made(path: str, name: str) -> None:
    with pytest.raises(NotOffered, match=rf"^{name}: .+\.$") as caught:
        the(path, name)("any", thing=1)  # type: ignore[operator]
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(("path", "name"), REFUSED)
def test_every_refusal_speaks_when_a_method_of_it_is_called(path: str, name: str) -> None:
    with pytest.raises(NotOffered, match=rf"^{name}\.anything: .+\.$"):
        the(path, name).anything(1, two=3)  # type: ignore[attr-defined]


def test_a_refusal_can_be_looked_at_and_asked_what_it_is() -> None:
    refused = ours.core.webservice.AciWebservice
    assert "Model.download" in (inspect.getdoc(refused) or "")
    assert not isinstance(5, refused)
    assert not hasattr(refused, "_repr_html_")
    assert pickle.loads(pickle.dumps(refused)) is refused


def test_code_that_catches_azures_errors_catches_it() -> None:
    for error in (WebserviceException, UserErrorException):
        with pytest.raises(error):
            ours.core.webservice.Webservice(None, "name")


@pytest.mark.parametrize(
    "line",
    [
        "from jupyter_mltrain.azureml.pipeline.core.graph import PipelineParameter as it",
        "from jupyter_mltrain.azureml.contrib.pipeline.steps import ParallelRunStep as it",
        "from jupyter_mltrain.azureml.train.automl.utilities import get_primary_metrics as it",
        "from jupyter_mltrain.azureml.automl.core.featurization import FeaturizationConfig as it",
        "from jupyter_mltrain.azureml.opendatasets import BostonSafety as it",
        "from jupyter_mltrain.azureml.pipeline import steps; it = steps.AnyStep",
    ],
)
def test_whatever_is_below_a_refused_package_is_refused_as_well(line: str) -> None:
    found: dict[str, object] = {}
    exec(line, found)
    with pytest.raises(NotOffered):
        found["it"]()  # type: ignore[operator]


def test_hyperdrives_expressions_are_plain_values() -> None:
    from jupyter_mltrain.azureml.train import hyperdrive as h

    assert h.choice(1, 2) == h.choice([1, 2]) == h.choice(range(1, 3)) == ["choice", [[1, 2]]]
    assert h.uniform(0, 1) == ["uniform", [0, 1]]
    assert h.qloguniform(0, 1, 2) == ["qloguniform", [0, 1, 2]]
    assert h.qnormal(0, 1, 2) == ["qnormal", [0, 1, 2]]
    assert h.PrimaryMetricGoal.MAXIMIZE.name == "MAXIMIZE"


@pytest.mark.parametrize(
    "wrong", ["uniform(2, 1)", "randint(0)", "quniform(0, 1, 0.5)", "choice()"]
)
def test_hyperdrives_expressions_are_checked_as_azure_does(wrong: str) -> None:
    from jupyter_mltrain.azureml.train import hyperdrive as h
    from jupyter_mltrain.azureml.train.hyperdrive.exceptions import HyperDriveConfigException

    with pytest.raises(HyperDriveConfigException):
        eval(f"h.{wrong}", {"h": h})


def test_nothing_is_ever_sent_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    ours.telemetry.set_diagnostics_collection(send_diagnostics=True)
    assert "sends nothing" in capsys.readouterr().out


def test_ways_to_sign_in_keep_no_password() -> None:
    way = ours.core.authentication.ServicePrincipalAuthentication("t", "i", "planted-value")
    assert "planted-value" not in f"{way!r} {vars(way)}"
    with pytest.raises(NotOffered, match="nothing to sign in to"):
        way.get_authentication_header()
