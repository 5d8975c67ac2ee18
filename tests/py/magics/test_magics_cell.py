"""What is read out of a cell before it is submitted."""

from __future__ import annotations

import ast
import types
from pathlib import Path

import pytest

from jupyter_mltrain.errors import InvalidSpec, VariableError
from jupyter_mltrain.magics import cell_source, local_modules, names, notebook_syntax


def read(cell: str) -> names.CellNames:
    tree = notebook_syntax.parse(cell)
    assert tree is not None
    found = names.read(cell, tree)
    assert found is not None
    return found


# Names


@pytest.mark.parametrize(
    ("cell", "free"),
    [
        ("print(df)", {"df"}),
        ("df = 1\nprint(df)", set()),
        ("print(df)\ndf = 1", set()),
        ("[row for row in df]", {"df"}),
        ("def f(a, b=c):\n    return a + d", {"c", "d"}),
        ("def f():\n    global df\n    df = 1", set()),
        ("class K:\n    x = y\n    def g(self):\n        return z", {"y", "z"}),
        ("import os.path as p, sys\np, sys", set()),
        ("with open(x) as h:\n    h", {"x"}),
        ("for u, (v, *w) in e:\n    u, v, w", {"e"}),
        ("try:\n    pass\nexcept E as error:\n    error", {"E"}),
        ("lambda s, r=k: s + o", {"k", "o"}),
        ("match l:\n    case [a, *b]:\n        a, b", {"l"}),
        ("f'{g!r:>{h}}'", {"g", "h"}),
        ("if (n := m):\n    n", {"m"}),
        ("await fetch(u)", {"fetch", "u"}),
        ("display(len([]), __name__, __file__)", set()),
        ("@deco\ndef f(a: T) -> R: ...", {"deco", "T", "R"}),
    ],
)
def test_free_names_are_those_the_compiler_finds_nowhere(cell: str, free: set[str]) -> None:
    assert read(cell).free == free


def test_a_notebook_variable_is_named_with_the_option_that_carries_it() -> None:
    notebook = {"df": 1, "labels": 2, "unused": 3}
    assert names.warnings_about(read("df, labels, other"), (), notebook) == [
        "df, labels are variables of this notebook, not of the run: add -i df,labels."
    ]


def test_what_is_carried_in_is_not_warned_about() -> None:
    assert names.warnings_about(read("df"), ("df",), {"df": 1}) == []


def test_a_module_imported_in_another_cell_is_named_with_its_import() -> None:
    notebook = {"tree": ast, "types": types}
    assert names.warnings_about(read("tree, types"), (), notebook) == [
        "tree is imported in another cell: add `import ast as tree` to this one.",
        "types is imported in another cell: add `import types` to this one.",
    ]


def test_a_star_import_leaves_names_unknown() -> None:
    found = read("from math import *\nsin(df)")
    assert names.warnings_about(found, (), {"df": 1}) == []
    names.check_outputs(found, ("pi",), ())


def test_an_output_that_is_never_assigned_is_refused_by_name() -> None:
    with pytest.raises(VariableError, match=r"never assigns modle, .* Did you mean model\?"):
        names.check_outputs(read("model = 1"), ("modle",), ())


def test_an_output_may_be_an_input_changed_in_place() -> None:
    names.check_outputs(read("model.fit()"), ("model",), ("model",))


def test_scopes_that_make_no_sense_are_left_to_python() -> None:
    cell = "def f():\n    x = 1\n    global x\n"
    tree = notebook_syntax.parse("pass")
    assert tree is not None
    assert names.read(cell, tree) is None


# Notebook syntax


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("import x\n%matplotlib inline\n", "Cell line 3: `%matplotlib inline`"),
        ("!pip install xgboost", "Cell line 2: `!pip install xgboost`"),
        ("%pip install xgboost", "in a cell of its own with `%pip`"),
        ("!python -m pip install x", "in a cell of its own with `%pip`"),
        ("x = 1\n\n%%bash\nls", "Cell line 4: `%%bash` has to be the first line"),
        ("x = !ls", "subprocess.check_output"),
        ("for f in x:\n    !rm {f}", "Cell line 3: `!rm {f}` is for the notebook. Use subprocess"),
        ("df?", "use help()"),
        ("%time f()", "how long a run takes is shown"),
        ("t = %timeit -o f()", "time.perf_counter()"),
        ("%cd data", "os.chdir"),
        ("/f x", "plain Python"),
    ],
)
def test_notebook_syntax_is_refused_with_its_line(cell: str, says: str) -> None:
    assert notebook_syntax.parse(cell) is None
    with pytest.raises(InvalidSpec) as caught:
        notebook_syntax.refuse(cell)
    assert says in caught.value.message


@pytest.mark.parametrize("cell", ["text = '''\n%matplotlib\n!ls\n'''\na b", "x = 1 %", "def f(:"])
def test_an_ordinary_syntax_error_is_left_to_the_checks_of_a_submit(cell: str) -> None:
    notebook_syntax.refuse(cell)


def test_what_looks_like_a_magic_in_a_string_is_python() -> None:
    assert notebook_syntax.parse("text = '''\n%matplotlib\n'''\nx = 5 % 3\n") is not None


# The script


def test_lines_of_the_script_are_those_of_the_notebook_cell() -> None:
    text = cell_source.script("--name digits", "x = 1\n1/0")
    assert text.splitlines() == ["# %%train --name digits", "x = 1", "1/0"]
    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("line", "cell"), [("--arg encoding=latin1", "x = 'é'\n"), ("", "# coding: latin1\nx = 'é'\n")]
)
def test_nothing_in_a_cell_decides_its_encoding(line: str, cell: str) -> None:
    found: dict[str, str] = {}
    exec(compile(cell_source.script(line, cell).encode(), "cell.py", "exec"), found)
    assert found["x"] == "é"


def test_a_line_break_in_an_expanded_line_stays_in_the_comment() -> None:
    assert cell_source.script("--name a\nimport os", "x\n").count("\n") == 2


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/me/Digits v2.ipynb", "Digits-v2"),
        ("notes/été.ipynb", "ete"),
        ("数字.ipynb", "notebook"),
        (None, "notebook"),
    ],
)
def test_the_experiment_is_called_as_the_notebook(path: str | None, name: str) -> None:
    assert cell_source.experiment_of([path]) == name


# Local modules


def needed(cell: str, folder: Path, *modules: str) -> tuple[str, ...]:
    return local_modules.needed(notebook_syntax.parse(cell), folder, modules)


def test_modules_are_followed_from_file_to_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    import b.sub\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "__init__.py").write_text("")
    (tmp_path / "b" / "sub.py").write_text("from . import x\nfrom c import y\nimport json\n")
    (tmp_path / "c.py").write_text("import a\n")
    (tmp_path / "d.py").write_text("")
    assert needed("if True:\n    from a import f", tmp_path) == ("a.py", "b", "c.py")


def test_a_folder_without_modules_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.csv").write_text("")
    assert needed("import data", tmp_path) == ()


def test_a_folder_of_modules_is_a_package_unless_one_is_installed(tmp_path: Path) -> None:
    for name in ("mine", "msgspec"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.py").write_text("")
    assert needed("import mine.x, msgspec", tmp_path) == ("mine",)


def test_a_module_that_cannot_be_read_as_python_still_travels(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_bytes(b"\xff\xfe def")
    assert needed("import odd", tmp_path) == ("odd.py",)


def test_nothing_is_needed_for_installed_modules(tmp_path: Path) -> None:
    assert needed("import json, sys, numpy as np", tmp_path) == ()


def test_the_classes_of_carried_values_need_their_modules(tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_text("")
    kind = type("Circle", (), {"__module__": "shapes"})
    assert needed("x", tmp_path, *local_modules.modules_of([kind(), 3])) == ("shapes.py",)
