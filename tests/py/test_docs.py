"""The documents name everything that there is to set, to call and to ask."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jupyter_mltrain.service.api import ROUTES
from jupyter_mltrain.service.settings import Settings
from jupyter_mltrain.store.ignore import BUILT_IN

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide.md").read_text()
SOURCE = DOCS.parent / "src"
SCHEMAS = [json.loads(path.read_text()) for path in sorted((SOURCE / "schema").glob("*.json"))]


def commands() -> set[str]:
    """Every command that the page registers."""
    sources = (path.read_text() for path in SOURCE.rglob("*.ts"))
    return {name for text in sources for name in re.findall(r"'(mltrain:[a-z-]+)'", text)}


def shortcuts() -> list[tuple[str, str]]:
    """Command and keys, as the guide writes them, of every shortcut."""
    return [
        (shortcut["command"], " ".join(shortcut["keys"]))
        for schema in SCHEMAS
        for shortcut in schema.get("jupyter.lab.shortcuts", ())
    ]


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_is_in_the_guide(name):
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("name", sorted({n for each in SCHEMAS for n in each["properties"]}))
def test_every_setting_of_the_page_is_in_the_guide(name):
    assert f"`{name}`" in GUIDE


def test_every_setting_of_the_jupyter_server_is_in_the_guide():
    from jupyter_mltrain.server.extension import MltrainApp

    own = {*MltrainApp.class_own_traits(config=True)} - {*MltrainApp.__base__.class_own_traits()}
    assert own
    assert not [name for name in own if f"c.MltrainApp.{name}" not in GUIDE]


def test_every_command_of_the_page_is_in_the_guide_and_none_that_is_not():
    assert commands() == set(re.findall(r"`(mltrain:[a-z-]+)`", GUIDE))


@pytest.mark.parametrize(("command", "keys"), shortcuts())
def test_every_shortcut_is_in_the_guide(command, keys):
    assert re.search(rf"^\| `{command}` \|.*\| {keys} \|$", GUIDE, re.MULTILINE)


@pytest.mark.parametrize("route", [path for path, _ in ROUTES])
def test_every_route_is_in_the_api_document(route):
    # A group is a placeholder, unless just one word fits it.
    parts = re.split(r"\(([^)]+)\)", route)
    readable = [
        "<[a-z]+>" if at % 2 and not part.isalpha() else re.escape(part)
        for at, part in enumerate(parts)
    ]
    assert re.search("".join(readable) + r"[?`]", (DOCS / "api.md").read_text())


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
