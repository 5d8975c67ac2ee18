"""A notebook as the checks and forms read it."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from jupyter_mltrain.service.notebooks import NoNotebook, read


def a_notebook(*cells: str | dict[str, Any], **given: Any) -> str:
    """A notebook of code cells; what is no text is a cell already."""
    made = [
        cell
        if isinstance(cell, dict)
        else {"cell_type": "code", "source": cell, "metadata": {}, "outputs": []}
        for cell in cells
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made, **given})


def tagged(tag: str, source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {"tags": [tag]}}


def source(*cells: str) -> str:
    return read(a_notebook(*cells)).source


def test_code_cells_become_one_text_line_by_line() -> None:
    markdown = {"cell_type": "markdown", "source": "# Title", "metadata": {}}
    notebook = read(a_notebook("import os\nx = 1", markdown, "y = 2\n\nz = 3"))
    assert notebook.source == "import os\nx = 1\ny = 2\n\nz = 3\n"
    assert [notebook.place(line) for line in (1, 2, 3, 5)] == [(1, 1), (1, 2), (2, 1), (2, 3)]


def test_the_source_of_a_cell_may_be_a_list_of_lines() -> None:
    cell = {"cell_type": "code", "source": ["a = 1\n", "b = 2"], "metadata": {}}
    assert read(a_notebook(cell)).source == "a = 1\nb = 2\n"


def test_cells_that_are_not_executed_do_not_count() -> None:
    notebook = read(a_notebook("", tagged("skip-execution", "x = ("), "y = 1"))
    assert (notebook.source, notebook.place(1)) == ("y = 1\n", (1, 1))


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("%matplotlib inline\nx = 1", ["None", "x = 1"]),
        ("!pip install torch\nimport torch", ["get_ipython()", "import torch"]),
        ("%pip install torch", ["get_ipython()"]),
        ("files = !ls\nx = 1", ["files = get_ipython()", "x = 1"]),
        ("if True:\n    !ls\n    x = 1", ["if True:", "    get_ipython()", "    x = 1"]),
        ("%%time\nx = 1", ["", "x = 1"]),
        ("%%bash\necho a\necho b", ["get_ipython()", "", ""]),
        ("print?", [""]),
        ("?print", ["get_ipython()"]),
        ("!ls \\\n  -l\nx = 1", ["get_ipython()", "", "x = 1"]),
        ("x = '''\n%s\n!\n'''", ["x = '''", "%s", "!", "'''"]),
        ("await f()", ["await f()"]),
    ],
)
def test_what_only_ipython_knows_is_replaced_line_for_line(cell: str, lines: list[str]) -> None:
    found = source(cell)
    assert found.removesuffix("\n").split("\n") == lines
    ast.parse(found)


def test_the_cell_with_the_parameters_is_known() -> None:
    notebook = read(a_notebook("import os", tagged("parameters", "lr = 0.1")))
    assert notebook.parameters == "lr = 0.1"


def test_an_empty_notebook_is_one() -> None:
    notebook = read(a_notebook())
    assert (notebook.source, notebook.place(1)) == ("\n", (1, 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("print(1)", "is not a notebook: its text is not JSON"),
        ("[1]", "is not a notebook: it has no cells"),
        ("{}", "is not a notebook: it has no cells"),
        (json.dumps({"nbformat": 3, "worksheets": []}), "is a notebook of the old format 3"),
        (a_notebook(nbformat=5), "is a notebook of the format 5, not 4"),
    ],
)
def test_what_is_no_notebook_is_told_why(text: str, problem: str) -> None:
    with pytest.raises(NoNotebook, match=f"^{problem}$"):
        read(text)


@pytest.mark.parametrize(
    "cell", [None, 3, {}, {"cell_type": "code"}, {"cell_type": "code", "source": 3, "metadata": []}]
)
def test_cells_of_odd_shapes_break_nothing(cell: Any) -> None:
    text = json.dumps({"nbformat": 4, "cells": [cell]})
    assert read(text).source.strip() in ("", "3")
