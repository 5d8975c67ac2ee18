"""What a notebook shows of our errors where the SDK, not a magic, raises them."""

from __future__ import annotations

import pytest
from magics_shells import Kernel

pytestmark = pytest.mark.slow

CELL = """\
from jupyter_mltrain import Workspace
def look():
    return Workspace.default().get_run("nobody")
look()
"""


def test_an_error_of_ours_shows_the_lines_of_the_cell_and_its_sentence(kernel: Kernel) -> None:
    outcome = kernel.run(CELL)
    assert outcome.status == "error"
    lines = outcome.shown_error.splitlines()
    assert lines[:-1] == [
        "Cell, line 4: look()",
        'Cell, line 3: return Workspace.default().get_run("nobody")',
    ]
    assert lines[-1].startswith("NoSuchRun: No run 'nobody' in this workspace.")


def test_an_error_of_python_shows_what_it_always_did(kernel: Kernel) -> None:
    assert "ZeroDivisionError" in kernel.run("1 / 0").shown_error
