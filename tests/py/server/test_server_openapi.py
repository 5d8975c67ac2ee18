"""The description of the API is whole and up to date."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from jsonschema import Draft202012Validator

from jupyter_mltrain.server import routes
from jupyter_mltrain.server.extension import table
from jupyter_mltrain.server.handlers import NowhereHandler

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_openapi", DOCS / "generate_openapi.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def described() -> dict:
    return json.loads((DOCS / "openapi.json").read_text())


def test_the_description_is_up_to_date(generator):
    hint = "run: python docs/generate_openapi.py"
    assert (DOCS / "openapi.json").read_text() == generator.text(), hint


def test_every_method_of_every_handler_is_described():
    paths = described()["paths"]
    for pattern, handler in table():
        if handler is NowhereHandler:
            continue
        path = next(
            f"/{route.path}" for route in routes.ALL if f"/{routes.BASE}{route.pattern}" == pattern
        )
        methods = {"get", "head", "post", "put", "patch", "delete"}
        assert methods & defined_by(handler) == set(paths[path]) - {"parameters"}, path


def defined_by(handler: type) -> set[str]:
    """Names that the handler, or a base of it that is ours, defines."""
    ours = [base for base in handler.__mro__ if base.__module__.startswith("jupyter_mltrain")]
    return {name for base in ours for name in vars(base)}


def test_every_reference_leads_to_a_schema():
    document = described()
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert names <= set(document["components"]["schemas"])


@pytest.mark.parametrize("name", sorted(described()["components"]["schemas"]))
def test_every_schema_is_one(name):
    Draft202012Validator.check_schema(described()["components"]["schemas"][name])


def test_no_two_operations_have_one_id():
    items = described()["paths"].values()
    ids = [each["operationId"] for item in items for each in item.values() if "summary" in each]
    assert len(ids) == len(set(ids))
