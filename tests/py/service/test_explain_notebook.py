"""How a notebook's run ended, told by the last line of what executed it."""

from __future__ import annotations

import pytest

from jupyter_mltrain.service.explain import Ending, explain
from jupyter_mltrain.spec import ExitRecord


def ending(last: str, **record: object) -> Ending:
    return explain(
        ExitRecord(**{"status": 1, **record}),
        f"── Cell 1/2: x\n\x1b[31mValueError\x1b[39m: told before\n{last}\n",
        script="explore.ipynb",
        timeout_s=60,
    )


def test_a_failed_cell_is_named_with_its_error_and_line() -> None:
    found = ending("Cell 4 of 7 failed at line 3: ValueError: no data")
    assert found.reason == "ValueError: no data (cell 4 line 3)."


def test_a_cell_without_a_known_line_is_named_too() -> None:
    assert ending("Cell 4 of 7 failed: KeyboardInterrupt").reason == "Interrupted (cell 4)."


def test_a_missing_module_says_how_to_install_it() -> None:
    found = ending("Cell 1 of 7 failed at line 1: ModuleNotFoundError: No module named 'sklearn'")
    assert found.reason == "No module named 'sklearn' (cell 1 line 1)."
    assert "pip install scikit-learn" in (found.advice or "")


def test_a_cell_that_asks_somebody_is_told_there_is_nobody() -> None:
    found = ending("Cell 2 of 2 failed at line 1: StdinNotImplementedError: raw_input was called")
    assert "no keyboard" in found.reason


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("SIGSEGV", "The notebook's kernel died: segmentation fault (SIGSEGV) (cell 4)."),
        ("SIGKILL", "The notebook's kernel died: SIGKILL (cell 4)."),
        ("exit status 3", "The notebook's kernel died: exit status 3 (cell 4)."),
    ],
)
def test_a_kernel_that_died_is_told_with_its_cell(how: str, reason: str) -> None:
    assert ending(f"Cell 4 of 7 ended the kernel: {how}").reason == reason


def test_a_kernel_that_took_too_much_memory_is_told_so() -> None:
    found = ending("Cell 4 of 7 ended the kernel: SIGKILL", oom_killed=True)
    assert found.reason == "Out of memory: the notebook's kernel was killed (cell 4)."


def test_what_kept_a_notebook_from_running_is_the_reason() -> None:
    sentence = "The notebook cannot run: train.ipynb is not a notebook."
    assert ending(sentence).reason == sentence


def test_a_script_that_prints_such_a_line_is_no_notebook() -> None:
    found = explain(
        ExitRecord(status=1),
        "Cell 4 of 7 failed: ValueError: no data\n",
        script="train.py",
        timeout_s=60,
    )
    assert found.reason.startswith("Exit status 1.")
