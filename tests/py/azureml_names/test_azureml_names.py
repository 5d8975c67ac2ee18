"""Azure's module paths: they import, each name is the class that lives in `core`."""

from __future__ import annotations

import importlib
import pickle
import pydoc
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_mltrain
from jupyter_mltrain import azureml as ours
from jupyter_mltrain.azureml import names, refusals
from jupyter_mltrain.azureml.modules import Names

MODULES = sorted(path for path in names.MODULES if path)
REFUSED_MODULES = [path for path in MODULES if refusals.subject_of(path) is not None]


@pytest.fixture
def installed() -> Iterator[None]:
    ours.install()
    yield
    ours.uninstall()


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Something that is installed as `azureml.core`."""
    folder = tmp_path / "site" / "azureml"
    (folder / "core").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "core" / "__init__.py").write_text("VERSION = 'the real one'")
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield folder
    for name in [each for each in sys.modules if each.split(".")[0] == "azureml"]:
        del sys.modules[name]


@pytest.mark.parametrize("path", MODULES)
def test_every_module_can_be_imported_without_installing_anything(path: str) -> None:
    module = importlib.import_module(f"jupyter_mltrain.azureml.{path}")
    assert isinstance(module, Names)
    assert set(names.MODULES[path]) <= set(dir(module))


@pytest.mark.parametrize("path", MODULES)
def test_every_name_of_a_module_is_there(path: str) -> None:
    module = importlib.import_module(f"jupyter_mltrain.azureml.{path}")
    for name in names.MODULES[path]:
        assert getattr(module, name) is getattr(module, name)


@pytest.mark.parametrize(("name", "home"), sorted(names.HOMES.items()))
def test_every_name_lives_where_the_table_says(name: str, home: str) -> None:
    value = getattr(importlib.import_module(f"jupyter_mltrain.{home}"), name)
    assert not hasattr(refusals, name)
    assert not getattr(value, "__module__", "").startswith("jupyter_mltrain.azureml")


def test_a_name_lives_in_one_place() -> None:
    written = [name for here in names._LIVES.values() for name in here.split()]
    assert len(written) == len(set(written))


def test_a_class_is_the_same_under_all_of_its_names(installed: None) -> None:
    from azureml.core import Workspace
    from azureml.core.workspace import Workspace as Again
    from jupyter_mltrain.azureml.core import Workspace as Below

    assert Workspace is Again is Below is jupyter_mltrain.Workspace


def test_a_star_import_gives_the_table_and_what_is_refused(installed: None) -> None:
    found: dict[str, object] = {}
    exec("from azureml.core import *", found)
    assert found["Workspace"] is jupyter_mltrain.Workspace
    assert "Webservice" in found


def test_the_version_is_the_one_whose_names_these_are(installed: None) -> None:
    import azureml.core

    assert azureml.core.VERSION == azureml.core.__version__ == "1.61.0"


def test_modules_below_need_no_import_of_their_own(installed: None) -> None:
    import azureml

    assert azureml.core.run.Run is jupyter_mltrain.Run
    assert ours.core.model.Model is azureml.core.Model


def test_what_there_is_can_be_listed_and_read_about(installed: None) -> None:
    import azureml.core

    assert {"Workspace", "model", "compute"} <= set(dir(azureml.core))
    assert {"core", "train", "exceptions"} <= set(dir(ours))
    assert "Keyvault" in pydoc.render_doc(azureml.core.keyvault)


def test_import_lines_are_completed(installed: None) -> None:
    from IPython.core.completerlib import module_completion

    assert "Workspace" in module_completion("from azureml.core import Work")
    assert "azureml.core.workspace" in module_completion("import azureml.core.work")


def test_what_is_pickled_needs_no_azureml() -> None:
    workspace = ours.core.Workspace
    text = pickle.dumps((workspace, ours.core.webservice.AciWebservice))
    assert b"azureml.core" not in text
    assert pickle.loads(text)[0] is jupyter_mltrain.Workspace


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from azureml.core import Workspac", "Did you mean Workspace?"),
        ("import azureml.core.workspac", "Did you mean workspace?"),
        ("import azureml.nothing", "azureml has no 'nothing' in jupyter_mltrain"),
    ],
)
def test_a_name_that_azure_does_not_have_either_is_an_import_error(
    installed: None, line: str, said: str
) -> None:
    with pytest.raises(ImportError, match=said.replace("?", r"\?")):
        exec(line)


def test_such_a_name_is_an_attribute_error_on_the_module(installed: None) -> None:
    import azureml.core

    with pytest.raises(AttributeError, match="Did you mean Workspace"):
        _ = azureml.core.Workspac
    assert not hasattr(azureml.core, "_anything")


# Whose name it is


def test_nothing_is_found_before_it_is_installed_nor_after() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("azureml")
    ours.install()
    importlib.import_module("azureml.core")
    ours.uninstall()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("azureml.core")


def test_the_real_one_keeps_its_name_and_that_is_said(
    real: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours.install()
    said = capsys.readouterr().out
    assert str(real / "core" / "__init__.py") in said
    assert "install(force=True)" in said
    assert importlib.import_module("azureml.core").VERSION == "the real one"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("azureml.core.run")


def test_the_real_one_gives_way_where_that_is_asked_for(real: Path) -> None:
    assert importlib.import_module("azureml.core").VERSION == "the real one"
    ours.install(force=True)
    try:
        assert importlib.import_module("azureml.core").VERSION == names.VERSION
    finally:
        ours.uninstall()
    assert importlib.import_module("azureml.core").VERSION == "the real one"


def test_a_folder_of_that_name_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: None
) -> None:
    (tmp_path / "azureml").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    from azureml.core import Workspace

    assert Workspace is jupyter_mltrain.Workspace
    del sys.modules["azureml"]


def test_installing_twice_is_installing_once(installed: None) -> None:
    before = list(sys.meta_path)
    ours.install()
    assert sys.meta_path == before


def test_it_is_an_extension_of_ipython() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("load_ext", "jupyter_mltrain.azureml")
    try:
        shell.run_cell("from azureml.core import Experiment").raise_error()
        assert shell.user_ns["Experiment"] is jupyter_mltrain.Experiment
    finally:
        shell.run_line_magic("unload_ext", "jupyter_mltrain.azureml")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("azureml")


def test_a_script_that_is_itself_a_run_gets_all_names(tmp_path: Path) -> None:
    code = (
        "from azureml.core import Run\n"
        "import jupyter_mltrain.azureml as a; a.install()\n"
        "from azureml.core import ScriptRunConfig; print(ScriptRunConfig.__module__)"
    )
    path = Path(jupyter_mltrain.__file__).parent / "runtime" / "path"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(path), "MLTRAIN_RUN_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("jupyter_mltrain.core.script_run_config\n", "")


def test_the_names_load_nothing_before_they_are_used() -> None:
    code = (
        "import sys, jupyter_mltrain.azureml as a; a.install(); import azureml.core.run\n"
        "print([each for each in sys.modules if each.startswith('jupyter_mltrain.core')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
