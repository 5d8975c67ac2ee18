"""`TrainForm`: filled in, previewed, submitted and copied, by what a browser would set."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mltrain import TrainForm, Workspace
from jupyter_mltrain.core import environment_options
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.commands import TrainMagics
from jupyter_mltrain.spec import Resources, RunKind, RunSpec
from jupyter_mltrain.widgets.fields import CELL, IMAGE, PACKAGES

pytestmark = pytest.mark.slow


def field(form: TrainForm, description: str) -> Any:
    """The field with this description, as a person finds it."""
    waiting = [form.box]
    while waiting:
        widget = waiting.pop()
        if getattr(widget, "description", None) == description:
            return widget
        waiting += getattr(widget, "children", ())
    raise AssertionError(f"no field {description!r}")


def described(form: TrainForm) -> list[str]:
    return [each.description for _, each in form.fields.arguments._fields]


def last_spec(workspace: Workspace) -> RunSpec:
    return workspace.client.list(limit=1).runs[0].spec


def test_a_file_is_submitted_with_what_is_filled_in(here: Workspace, folder: Path) -> None:
    form = TrainForm("train.py")
    field(form, "data *").value = "data.csv"
    field(form, "lr").value = "0.5"
    field(form, "kind").value = "tree"
    field(form, "fast").value = True
    field(form, "layers").value = "8 16"
    field(form, "Name").value = "by hand"
    field(form, "CPUs").value = 1
    field(form, "Memory").value = "500MB"
    field(form, "Variables").value = "A=b c\n\nD=e"
    field(form, "Tags").value = "kind=try\nkept"
    field(form, "Time limit").value = "10m"
    form.submit_button.click()
    assert form.run is not None, form.message.value
    record = form.run.record
    assert record.spec == form.spec
    assert record.spec.arguments == (
        *("--lr", "0.5", "--kind", "tree", "--fast"),
        *("data.csv", "--layers", "8", "16"),
    )
    assert record.spec.resources == Resources(cpus=1, memory_bytes=500 * 1024**2)
    assert (record.spec.name, record.spec.experiment) == ("by hand", "train")
    assert record.spec.variables == {"A": "b c", "D": "e"}
    assert (record.spec.timeout_s, record.tags) == (600, {"kind": "try", "kept": None})
    assert f"by hand #{record.number} is submitted." in form.message.value
    form.run.wait_for_completion()


def test_the_scripts_arguments_have_fields_of_their_kind(here: Workspace, folder: Path) -> None:
    form = TrainForm("train.py")
    assert described(form) == ["data *", "lr", "kind", "fast", "layers"]
    assert field(form, "lr").placeholder == "0.1"
    assert field(form, "lr").tooltip == "How fast it learns."
    assert [value for _, value in field(form, "kind").options] == ["", "svm", "tree"]
    assert field(form, "fast").value is False


def test_another_script_has_other_fields_and_keeps_what_has_the_same_name(
    here: Workspace, folder: Path
) -> None:
    (folder / "other.py").write_text(
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\n"
        "p.add_argument('--depth', type=int)\np.parse_args()\n"
    )
    form = TrainForm("train.py", arguments={"lr": 0.5})
    field(form, "File").value = "other.py"
    assert described(form) == ["lr", "depth"]
    assert field(form, "lr").value == "0.5"


def test_a_notebook_is_run_as_one(here: Workspace, folder: Path) -> None:
    (folder / "explore.ipynb").write_text(
        '{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code", '
        '"source": "lr = 0.1", "metadata": {"tags": ["parameters"]}, "outputs": [], '
        '"execution_count": null}]}'
    )
    form = TrainForm("explore.ipynb")
    field(form, "lr").value = "0.5"
    assert form.spec.kind is RunKind.NOTEBOOK
    assert form.spec.arguments == ("--lr", "0.5")


def test_a_cell_runs_with_its_arguments_as_variables(here: Workspace, folder: Path) -> None:
    form = TrainForm(cell="print('lr is', lr)", arguments={"lr": 0.25})
    form.fields.arguments.more.value = ""
    assert form.spec.kind is RunKind.CELL
    field(form, "More arguments").value = "--lr 0.25"
    run = form.submit()
    assert run is not None, form.message.value
    assert run.record.spec.arguments == ("--lr", "0.25")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"File": ""}, "No script is named."),
        ({"File": "nowhere.py"}, "is not there. Name a file such as train.py."),
        ({"data *": ""}, "data has no value, and the script requires one."),
        ({"lr": "fast"}, "--lr has to be a number, and &#x27;fast&#x27; is none."),
        ({"Memory": "much"}, "&#x27;much&#x27; is no size."),
        ({"Variables": "A"}, "&#x27;A&#x27; sets no environment variable."),
        ({"Environment": IMAGE}, "No image is named."),
        ({"Environment": PACKAGES}, "No packages are named."),
        ({"Environment": PACKAGES, "Packages": "a=&gt;"}, "A requirement reads name"),
        ({"Experiment": "a b"}, "&#x27;a b&#x27; cannot name an experiment."),
        ({"More arguments": "'open"}, "A quote is not closed"),
        ({"Source folder": "<b>"}, "&lt;b&gt; is not there."),
    ],
)
def test_what_is_wrong_is_a_sentence_in_the_form(
    here: Workspace, folder: Path, values: dict[str, str], says: str
) -> None:
    form = TrainForm("train.py", arguments={"data": "x"})
    for description, value in values.items():
        field(form, description).value = value
    form.submit_button.click()
    assert form.run is None
    assert says in form.message.value
    assert 'role="alert"' in form.message.value
    assert form.submit_button.disabled is False


def test_no_more_can_be_asked_for_than_there_is(here: Workspace, folder: Path) -> None:
    form = TrainForm()
    capacity = here.client.computes()[0].capacity
    field(form, "CPUs").value = 10_000
    assert field(form, "CPUs").value == capacity.cpus
    assert field(form, "GPUs").max == len(capacity.gpus)


def test_a_preview_tells_what_travels_and_what_is_wrong(here: Workspace, folder: Path) -> None:
    (folder / "<script>.csv").write_text("x" * 2000)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").touch()
    (folder / "train.py").write_text("import surely_not_there\n")
    form = TrainForm("train.py")
    form.preview_button.click()
    said = form.message.value
    assert "2 files, " in said
    assert "&lt;script&gt;.csv  2 kB" in said
    assert "__pycache__" in said
    assert "imports surely_not_there" in said
    assert "<script>" not in said
    assert here.client.list().runs == ()


def test_the_form_does_not_wait_for_the_run(here: Workspace, folder: Path) -> None:
    (folder / "slow.py").write_text("import time\ntime.sleep(600)\n")
    form = TrainForm("slow.py")
    began = time.monotonic()
    run = form.submit()
    assert time.monotonic() - began < 5
    assert run is not None
    assert not run.record.state.final


def test_a_second_submit_is_another_run(here: Workspace, folder: Path) -> None:
    form = TrainForm("train.py", arguments={"data": "x"})
    first, second = form.submit(), form.submit()
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_a_field_that_is_not_there_is_refused(here: Workspace, folder: Path) -> None:
    with pytest.raises(InvalidSpec, match=r"The form has no field 'lr'\. It has experiment, name"):
        TrainForm("train.py", lr=1)


HARD = {
    "name": "it's {lr} $HOME?",
    "experiment": "digits",
    "cpus": 1,
    "memory": "500MB",
    "timeout": "90s",
    "priority": 3,
    "retries": 2,
    "variables": {"A": 'b "c" {d}', "E": ""},
    "tags": {"kind": "{x}", "kept": None},
}


IN = [
    {"environment": "sklearn:1"},
    {"environment": sys.executable + "3"},
    {"packages": "torch 'pandas>=2'"},
    {"image": "registry.example.com/team/pets:2"},
    {"image": "pets", "packages": "torch"},
]


@pytest.mark.parametrize("chosen", IN, ids=str)
def test_the_environment_is_copied_in_all_its_kinds(
    here: Workspace, folder: Path, chosen: dict[str, str]
) -> None:
    form = TrainForm("train.py", arguments={"data": "x"}, **chosen)
    form.code_button.click()
    request = form.request()
    code = form.python_code.value.replace(".submit(", "._request(").replace(
        "(config)", "(config, {}, False)"
    )
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["run"].spec.environment == request.spec.environment
    assert names["run"].environment == request.environment
    words = form.cell_code.value.removeprefix("%train ")
    again = options.parse(TrainMagics.train, words)
    assert environment_options.chosen(again, again.python).spec == request.spec.environment


def test_fields_of_an_environment_show_when_it_is_chosen(here: Workspace, folder: Path) -> None:
    form = TrainForm("train.py")
    offered = [value for _, value in field(form, "Environment").options]
    assert {"current", "sklearn", IMAGE, PACKAGES} <= set(offered)
    shown = []
    for chosen in ("current", PACKAGES, IMAGE):
        field(form, "Environment").value = chosen
        shown.append([field(form, each).layout.display for each in ("Image", "Packages")])
    assert shown == [["none", "none"], ["none", None], [None, None]]


def test_a_run_in_packages_is_submitted(here: Workspace, folder: Path) -> None:
    form = TrainForm("train.py", arguments={"data": "x"}, packages="rich")
    run = form.submit()
    assert run is not None, form.message.value
    run.wait_for_completion()
    assert run.record.environment is not None
    assert run.record.environment.kind == "venv"


def a_full_form() -> TrainForm:
    return TrainForm(
        "train.py", arguments={"data": "a b.csv", "lr": "-1", "fast": True, "odd": "$x"}, **HARD
    )


def test_the_copied_cell_submits_the_same(
    shell: InteractiveShell, here: Workspace, folder: Path
) -> None:
    form = a_full_form()
    form.code_button.click()
    assert form.cell_code.value.startswith("%train train.py --experiment digits ")
    shell.run_cell(form.cell_code.value)
    assert last_spec(here) == form.spec
    assert here.client.list(limit=1).runs[0].tags == form.request().tags


def test_the_copied_python_submits_the_same(here: Workspace, folder: Path) -> None:
    form = a_full_form()
    form.code_button.click()
    exec(form.python_code.value, {})
    assert last_spec(here) == form.spec
    assert here.client.list(limit=1).runs[0].tags == form.request().tags


CELL_TEXT = "import sys\n\nrate = {'lr': lr}\nprint(rate, sys.argv)\n"


def test_the_copied_cell_of_a_cell_submits_the_same(
    shell: InteractiveShell, here: Workspace, folder: Path
) -> None:
    form = TrainForm(cell=CELL_TEXT, name="{n}", arguments={"lr": 0.5})
    form.code_button.click()
    shell.run_cell(form.cell_code.value)
    assert last_spec(here) == form.spec


def test_the_copied_python_of_a_cell_submits_the_same(
    shell: InteractiveShell, here: Workspace, folder: Path
) -> None:
    form = TrainForm(cell=CELL_TEXT, name="{n}", arguments={"lr": 0.5})
    form.code_button.click()
    shell.run_cell(form.python_code.value)
    assert last_spec(here) == form.spec


def test_choosing_a_cell_hides_the_file(here: Workspace, folder: Path) -> None:
    form = TrainForm("train.py")
    form.fields.kind.value = CELL
    assert field(form, "File").layout.display == "none"
    assert field(form, "Cell").layout.display is None
    assert described(form) == []


def test_every_field_has_words_and_none_is_wider_than_the_page(
    here: Workspace, folder: Path
) -> None:
    form = TrainForm("train.py")
    waiting = list(form.box.children)
    while waiting:
        widget = waiting.pop()
        waiting += getattr(widget, "children", ())
        if hasattr(widget, "description") and widget is not form.message:
            assert widget.description, widget
            assert widget.layout.width in ("auto", None), widget.description


def test_the_magic_opens_the_form_with_the_file(shell: InteractiveShell, folder: Path) -> None:
    form = shell.run_line_magic("train_form", "train.py")
    assert isinstance(form, TrainForm)
    assert field(form, "File").value == "train.py"
