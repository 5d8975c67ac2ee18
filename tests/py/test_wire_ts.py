"""The types of the page are those of the package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

GENERATOR = Path(__file__).parents[2] / "src" / "api" / "generate_wire.py"


def test_the_types_of_the_page_are_those_of_the_package():
    found = importlib.util.spec_from_file_location("generate_wire", GENERATOR)
    assert found is not None
    assert found.loader is not None
    generator = importlib.util.module_from_spec(found)
    found.loader.exec_module(generator)
    assert generator.TARGET.read_text(encoding="utf-8") == generator.typescript(), (
        "src/api/wire.ts is stale. Make it again: .venv/bin/python src/api/generate_wire.py"
    )
