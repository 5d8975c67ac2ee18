"""From a form to a request: paths of the file browser, names, kinds, interpreters."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from pages import WS, final

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.server.submitting import below, experiment_of, request_of
from jupyter_mltrain.spec import MAX_RUN_DURATION_S, EnvironmentSpec, RunKind
from jupyter_mltrain.wire import SubmitForm


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root folder with a script, a notebook and ways out of it."""
    root = tmp_path / "root"
    (root / "work/sub").mkdir(parents=True)
    (root / "work/train.py").write_text("print(1)")
    (root / "work/sub/Mein Modell é.py").write_text("print(2)")
    (root / "work/study.ipynb").write_text("{}")
    (tmp_path / "secret.py").write_text("print('secret')")
    (root / "out.py").symlink_to(tmp_path / "secret.py")
    (root / "outside").symlink_to(tmp_path)
    (root / "inside.py").symlink_to(root / "work/train.py")
    return root


def request(root: Path, **form):
    return request_of(SubmitForm(**form), root, EnvironmentSpec())


def test_the_folder_of_the_script_travels_by_default(root):
    made = request(root, path="work/train.py")
    assert (made.spec.script, made.source.directory) == ("train.py", str(root / "work"))


def test_a_folder_that_is_given_travels_instead(root):
    made = request(root, path="work/train.py", source="")
    assert (made.spec.script, made.source.directory) == ("work/train.py", str(root))


def test_a_script_outside_the_folder_that_travels_is_refused(root):
    with pytest.raises(InvalidSpec, match="is not in the folder"):
        request(root, path="work/train.py", source="work/sub")


def test_a_notebook_is_executed_as_one(root):
    assert request(root, path="work/study.ipynb").spec.kind is RunKind.NOTEBOOK


def test_code_is_a_cell_in_the_folder_that_is_given(root):
    made = request(root, code="print(3)", source="work")
    assert (made.spec.kind, made.spec.script) == (RunKind.CELL, "cell.py")
    assert made.source.inline == {"cell.py": "print(3)\n"}
    assert (made.source.directory, made.spec.experiment) == (str(root / "work"), "work")


def test_code_without_a_folder_travels_alone(root):
    made = request(root, code="print(3)")
    assert (made.source.directory, made.spec.experiment) == (None, "notebook")


def test_retries_are_those_of_the_form(root):
    assert request(root, path="work/train.py", retries=2).spec.retries == 2


def test_the_line_of_the_magic_is_kept_as_a_comment(root):
    made = request(root, code="%%train --cpus 1\nprint(3)")
    assert made.source.inline["cell.py"] == "#%%train --cpus 1\nprint(3)\n"


def test_the_experiment_is_the_name_of_the_file_made_valid(root):
    made = request(root, path="work/sub/Mein Modell é.py")
    assert made.spec.experiment == "Mein-Modell-e"


@pytest.mark.parametrize("name", ["é", "", "...", "日本"])
def test_a_name_without_a_letter_gives_the_default_experiment(name):
    assert experiment_of(name) in ("default", "e")


def test_what_the_form_leaves_out_has_the_usual_values(root):
    made = request(root, path="work/train.py")
    assert (made.spec.timeout_s, made.spec.compute) == (MAX_RUN_DURATION_S, "local")
    assert made.request_id


def test_a_form_has_a_script_or_code_and_not_both(root):
    for form in ({}, {"path": "work/train.py", "code": "print(3)"}):
        with pytest.raises(InvalidSpec, match="Give one of the two"):
            request(root, **form)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.py",
        "work/../../secret.py",
        "/etc/passwd",
        "~/x.py",
        "out.py",
        "outside/secret.py",
        "outside",
        "nul\0.py",
        "work\\train.py",
        "none.py",
        "work/train.py/x",
        "a" * 5000,
    ],
)
def test_no_path_leads_out_of_the_root(root, path):
    with pytest.raises(InvalidSpec):
        below(root, path)


def test_a_link_that_stays_inside_may_be_used(root):
    assert below(root, "inside.py") == root / "inside.py"


def test_a_folder_is_no_script(root):
    with pytest.raises(InvalidSpec, match="is a folder"):
        request(root, path="work")


# Through the server


@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "out.py"])
@pytest.mark.parametrize("what", ["submit", "preview"])
async def test_a_path_out_of_the_root_is_400(api, jp_root_dir, what, path):
    (jp_root_dir / "out.py").symlink_to("/etc/passwd")
    reply = await api(f"{WS}/{what}", {"path": path})
    assert (reply.code, json.loads(reply.body)["code"]) == (400, "invalid_spec")


async def test_a_key_that_is_unknown_is_named(api, files):
    reply = await api(f"{WS}/submit", {"path": files("a.py", "1"), "gpu": 1})
    assert reply.code == 400
    assert "'gpu'" in json.loads(reply.body)["message"]


async def test_an_interpreter_that_is_not_listed_is_refused(api, files):
    reply = await api(f"{WS}/submit", {"path": files("a.py", "1"), "interpreter": "/bin/sh"})
    assert reply.code == 400
    assert "'/bin/sh'" in json.loads(reply.body)["message"]


async def test_code_runs_as_a_cell(api):
    run = await api.json(f"{WS}/submit", {"code": "print(6 * 7)"})
    assert (run["spec"]["kind"], (await final(run))["state"]) == ("cell", "Completed")


async def test_the_same_request_twice_makes_one_run(api, files):
    form = {"path": files("a.py", "print(1)"), "request_id": "abc"}
    first, second = (
        await api.json(f"{WS}/submit", form),
        await api.json(f"{WS}/submit", form),
    )
    assert first["id"] == second["id"]


async def test_this_python_comes_with_the_variables_that_make_it_this_one(api, files, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    run = await api.json(f"{WS}/submit", {"path": files("a.py", "print(1)")})
    environment = run["spec"]["environment"]
    assert environment["interpreter"] == sys.executable
    assert environment["inherited"]["VIRTUAL_ENV"] == sys.prefix


async def test_a_preview_says_what_would_be_shipped(api, files):
    files("work/data.csv", "1,2\n")
    preview = await api.json(f"{WS}/preview", {"path": files("work/train.py", "print(1)")})
    assert sorted(each["name"] for each in preview["files"]) == ["data.csv", "train.py"]


async def test_the_arguments_of_a_script_are_read(api, files):
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\n"
    path = files("work/train.py", text + "p.parse_args()\n")
    found = await api.json(f"{WS}/arguments?path={path}")
    assert [each["name"] for each in found["arguments"]] == ["--lr"]


async def test_the_arguments_of_a_script_outside_are_not(api):
    reply = await api(f"{WS}/arguments?path=../x.py")
    assert reply.code == 400
