"""The documents name everything that there is to set, to call and to ask."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jupyter_mltrain.service.api import ROUTES
from jupyter_mltrain.service.settings import Settings
from jupyter_mltrain.store.ignore import BUILT_IN

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide.md").read_text()


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_is_in_the_guide(name):
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("route", [path for path, _ in ROUTES])
def test_every_route_is_in_the_api_document(route):
    readable = route.replace("([^/]+)", "<run>").replace("(.+)", "<name>")
    assert re.search(re.escape(readable) + r"[?`]", (DOCS / "api.md").read_text())


def test_every_option_of_the_cell_magic_is_in_the_guide():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    from jupyter_mltrain.magics.extension import load

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    load(shell)
    documented = shell.find_cell_magic("train").__doc__
    options = set(re.findall(r"(?<![\w-])--[a-z]+", documented or ""))
    assert {"--name", "--gpus", "--force"} <= options
    assert not [option for option in sorted(options) if option not in GUIDE]


@pytest.mark.parametrize("pattern", BUILT_IN)
def test_every_built_in_exclude_is_in_the_guide(pattern):
    assert pattern.strip("/") in GUIDE


def test_links_between_documents_lead_somewhere():
    root = DOCS.parent
    for document in (*DOCS.glob("*.md"), root / "README.md", root / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
