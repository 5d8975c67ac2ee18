"""Endings in words, mostly of real processes of several Pythons."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.environments import python
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service.explain import Ending, explain, lost
from jupyter_mltrain.spec import ExitRecord, RunState


@functools.cache
def pythons() -> list[str]:
    """The oldest and the newest Python beside the one that runs the tests, and that one."""
    found = {}
    for path in sorted(Path(sys.base_prefix).parent.glob("*/bin/python3")):
        try:
            found[python.probe(str(path)).version] = str(path)
        except InvalidSpec:
            continue
    ordered = [found[version] for version in sorted(found)]
    return list(dict.fromkeys([*ordered[:1], *ordered[-1:], sys.executable]))


every_python = pytest.mark.parametrize("executable", pythons())


def an_ending(
    record: ExitRecord,
    tail: str = "",
    script: str = "train.py",
    *,
    cell: bool = False,
    timeout_s: float = 60,
    memory_bytes: int | None = None,
    duration_s: float | None = None,
) -> Ending:
    return explain(
        record,
        tail,
        script=script,
        cell=cell,
        timeout_s=timeout_s,
        memory_bytes=memory_bytes,
        duration_s=duration_s,
    )


def ending_of(
    folder: Path,
    source: str,
    *arguments: str,
    executable: str = sys.executable,
    script: str = "train.py",
    cell: bool = False,
) -> Ending:
    """Run `source` as a script in `folder` and explain how that ended."""
    path = folder / script
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    done = subprocess.run(
        [executable, str(path), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"},
        cwd=folder,
        check=False,
    )
    code = done.returncode
    record = ExitRecord(
        status=code if code >= 0 else None, signal=-code if code < 0 else None, cause=None
    )
    return an_ending(record, done.stdout.decode("utf-8", "replace"), script, cell=cell)


def test_exit_status_zero_has_completed(tmp_path: Path) -> None:
    assert ending_of(tmp_path, "print('loss 0.3')") == Ending(
        state=RunState.COMPLETED, reason="completed"
    )


def test_no_exit_status_has_not_completed() -> None:
    ending = an_ending(ExitRecord())
    assert (ending.state, ending.reason) == (RunState.FAILED, "Lost: nobody saw how it ended.")


def test_a_lost_run_has_failed_with_the_reason() -> None:
    ending = lost("the machine went down while it ran")
    assert ending.state is RunState.FAILED
    assert ending.reason == "Lost: the machine went down while it ran."


@pytest.mark.parametrize(
    ("seconds", "shown"), [(41, "0:41"), (62.9, "1:02"), (3803, "1:03:23"), (0, "0:00")]
)
def test_a_cancelled_run_says_after_how_long(seconds: float, shown: str) -> None:
    ending = an_ending(ExitRecord(signal=signal.SIGTERM, cause="cancel"), duration_s=seconds)
    assert ending.state is RunState.CANCELED
    assert ending.reason == f"cancelled by you after {shown}"


def test_a_script_that_ends_well_when_cancelled_is_cancelled_all_the_same() -> None:
    assert an_ending(ExitRecord(status=0, cause="cancel")).state is RunState.CANCELED


@pytest.mark.parametrize(
    ("seconds", "shown"), [(60, "60 s"), (0.5, "0.5 s"), (5400, "90 min"), (86_400, "24 h")]
)
def test_a_run_past_its_limit_is_cancelled_with_the_reason(seconds: float, shown: str) -> None:
    ending = an_ending(ExitRecord(signal=signal.SIGKILL, cause="timeout"), timeout_s=seconds)
    assert ending.state is RunState.CANCELED
    assert ending.reason == f"cancelled: over its limit of {shown}"
    assert ending.advice is not None
    assert "--timeout" in ending.advice


@pytest.mark.parametrize(
    ("memory_bytes", "shown", "more"),
    [
        (4 * 1024**3, "4 GB", "8GB"),
        (4_000_000_000, "4 GB", "8GB"),
        (512 * 1024**2, "512 MB", "1GB"),
    ],
)
def test_a_run_past_its_memory_says_what_it_asked_for(
    memory_bytes: int, shown: str, more: str
) -> None:
    ending = an_ending(ExitRecord(signal=9, cause="memory"), memory_bytes=memory_bytes)
    assert ending.state is RunState.FAILED
    assert ending.reason == f"Out of memory: it asked for more than its {shown}."
    assert ending.advice == f"Give it more, for example `--memory {more}`."


def test_a_process_that_never_started_says_why() -> None:
    record = ExitRecord(cause="start", message="/no/python: No such file or directory")
    assert an_ending(record).reason == (
        "The script could not be started: /no/python: No such file or directory."
    )


def test_a_kill_by_the_kernel_for_memory_is_told_from_others() -> None:
    assert an_ending(ExitRecord(signal=9, oom_killed=True)).reason == (
        "Out of memory: the kernel killed it."
    )
    ending = an_ending(ExitRecord(signal=9, max_rss_bytes=3_141_000_000))
    assert ending.reason == "Ended by SIGKILL from outside."
    assert ending.advice is not None
    assert "up to 3.1 GB" in ending.advice


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGSEGV, "Crashed: segmentation fault (SIGSEGV)."),
        (signal.SIGBUS, "Crashed: bus error (SIGBUS)."),
        (signal.SIGILL, "Crashed: illegal instruction (SIGILL)."),
        (signal.SIGTERM, "Ended by SIGTERM from outside."),
        (signal.SIGHUP, "Ended by SIGHUP from outside."),
        (signal.SIGXCPU, "Over the machine's limit of CPU time (SIGXCPU)."),
        (63, "Ended by signal 63 from outside."),
    ],
)
def test_every_signal_has_a_name(number: int, reason: str) -> None:
    ending = an_ending(ExitRecord(signal=number))
    assert (ending.state, ending.reason) == (RunState.FAILED, reason)


def test_an_abort_quotes_what_was_said_last() -> None:
    tail = "terminate called after throwing an instance of 'std::bad_alloc'\n"
    reason = an_ending(ExitRecord(signal=signal.SIGABRT), tail).reason
    assert reason.startswith('Crashed: aborted (SIGABRT). Last output: "terminate called')


@every_python
def test_an_exception_is_told_with_its_place(tmp_path: Path, executable: str) -> None:
    source = "def f(x):\n    return int(x)\n\nf('a')\n"
    ending = ending_of(tmp_path, source, executable=executable)
    assert ending.state is RunState.FAILED
    assert ending.reason == (
        "ValueError: invalid literal for int() with base 10: 'a' (train.py line 2)."
    )


@every_python
def test_the_place_is_the_users_own_and_not_a_library(tmp_path: Path, executable: str) -> None:
    source = "import json\n\njson.loads('{')\n"
    ending = ending_of(tmp_path, source, executable=executable)
    assert ending.reason.startswith("JSONDecodeError: Expecting property name")
    assert ending.reason.endswith("(train.py line 3).")


@every_python
def test_the_place_may_be_in_another_file_of_the_run(tmp_path: Path, executable: str) -> None:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "pkg" / "net.py").write_text("\n\ndef fit():\n    {}['lr']\n")
    source = "from pkg.net import fit\nfit()\n"
    ending = ending_of(tmp_path, source, executable=executable, script="src/train.py")
    assert ending.reason == "KeyError: 'lr' (src/pkg/net.py line 4)."


@every_python
def test_a_missing_module_comes_with_the_command_that_installs_it(
    tmp_path: Path, executable: str
) -> None:
    source = "x = 1\n\nimport skopt\n"
    ending = ending_of(tmp_path, source, executable=executable, script="cell.py", cell=True)
    assert ending.reason == "No module named 'skopt' (cell line 3)."
    assert ending.advice is not None
    assert "`pip install scikit-optimize`" in ending.advice


def test_a_missing_part_of_a_package_is_not_to_be_installed(tmp_path: Path) -> None:
    ending = ending_of(tmp_path, "import json.absent\n")
    assert ending.reason == "No module named 'json.absent' (train.py line 1)."
    assert (
        ending.advice == "json is there but has no such part. Check its version and the spelling."
    )


@every_python
def test_of_chained_exceptions_the_last_one_counts(tmp_path: Path, executable: str) -> None:
    source = "try:\n    1 / 0\nexcept ValueError: pass\nexcept Exception as e:\n"
    source += "    raise RuntimeError('diverged') from e\n"
    ending = ending_of(tmp_path, source, executable=executable)
    assert ending.reason == "RuntimeError: diverged (train.py line 5)."


@every_python
def test_of_a_long_message_the_first_line_is_shown(tmp_path: Path, executable: str) -> None:
    ending = ending_of(tmp_path, "raise ValueError('one\\ntwo\\n three')", executable=executable)
    assert ending.reason == "ValueError: one (train.py line 1)."


@every_python
def test_a_syntax_error_of_the_script_has_its_line(tmp_path: Path, executable: str) -> None:
    ending = ending_of(tmp_path, "x = 1\nx = = 2\n", executable=executable)
    assert ending.reason == "SyntaxError: invalid syntax (train.py line 2)."


@every_python
def test_a_syntax_error_of_an_imported_file_has_its_line(tmp_path: Path, executable: str) -> None:
    (tmp_path / "net.py").write_text("x = 1\n  y = 2\n")
    ending = ending_of(tmp_path, "import net\n", executable=executable)
    assert ending.reason == "IndentationError: unexpected indent (net.py line 2)."


@every_python
def test_an_exception_without_a_message_is_its_name(tmp_path: Path, executable: str) -> None:
    ending = ending_of(tmp_path, "class Odd(Exception): pass\nraise Odd", executable=executable)
    assert ending.reason == "Odd (train.py line 2)."


@every_python
def test_an_exception_in_a_thread_or_a_destructor_is_not_what_ended_it(
    tmp_path: Path, executable: str
) -> None:
    source = (
        "import threading\n"
        "class Bad:\n    def __del__(self): raise TypeError('late')\n"
        "bad = Bad()\n"
        "t = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()\n"
        "raise ValueError('the cause')\n"
    )
    ending = ending_of(tmp_path, source, executable=executable)
    assert ending.reason == "ValueError: the cause (train.py line 8)."


def test_a_group_of_exceptions_shows_its_first() -> None:
    tail = (
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/r/train.py", line 2, in <module>\n'
        '  |     raise ExceptionGroup("many", [ValueError("a"), KeyError("b")])\n'
        "  | ExceptionGroup: many (2 sub-exceptions)\n"
        "  +-+---------------- 1 ----------------\n"
        "    | ValueError: a\n"
        "    +---------------- 2 ----------------\n"
        "    | KeyError: 'b'\n"
        "    +------------------------------------\n"
    )
    assert an_ending(ExitRecord(status=1), tail).reason == (
        "ExceptionGroup: many (2 sub-exceptions), first ValueError: a (train.py line 2)."
    )


@every_python
def test_input_says_that_a_run_has_no_keyboard(tmp_path: Path, executable: str) -> None:
    ending = ending_of(tmp_path, "input('lr? ')", executable=executable)
    assert ending.reason == "A run has no keyboard: input() has nobody to ask (train.py line 1)."


@every_python
def test_a_missing_file_leads_to_what_is_shipped(tmp_path: Path, executable: str) -> None:
    ending = ending_of(tmp_path, "open('data.csv')", executable=executable)
    assert ending.reason == "No such file: 'data.csv' (train.py line 1)."
    assert ending.advice is not None
    assert ".amlignore" in ending.advice


def test_a_missing_absolute_file_leads_to_the_machine(tmp_path: Path) -> None:
    advice = ending_of(tmp_path, "open('/data/x.csv')").advice
    assert advice is not None
    assert "machine" in advice


def test_an_unknown_name_in_a_cell_may_be_a_notebook_variable(tmp_path: Path) -> None:
    ending = ending_of(tmp_path, "train_df.head()", script="cell.py", cell=True)
    assert ending.reason == "NameError: name 'train_df' is not defined (cell line 1)."
    assert ending.advice is not None
    assert "`-i train_df`" in ending.advice
    assert ending_of(tmp_path, "train_df.head()").advice is None


@every_python
def test_arguments_that_argparse_refuses_are_named(tmp_path: Path, executable: str) -> None:
    source = (
        "import argparse\np = argparse.ArgumentParser()\n"
        "p.add_argument('--x', required=True)\np.parse_args()\n"
    )
    assert ending_of(tmp_path, source, executable=executable).reason == (
        "train.py does not accept its arguments: the following arguments are required: --x."
    )


@every_python
def test_the_text_given_to_sys_exit_is_quoted(tmp_path: Path, executable: str) -> None:
    ending = ending_of(tmp_path, "import sys; sys.exit('no data left')", executable=executable)
    assert ending.reason == 'Exit status 1. Last output: "no data left"'


def test_another_exit_status_is_told_with_the_last_output(tmp_path: Path) -> None:
    ending = ending_of(tmp_path, "print('epoch 3\\n\\n'); raise SystemExit(3)")
    assert ending.reason == 'Exit status 3. Last output: "epoch 3"'
    assert ending_of(tmp_path, "raise SystemExit(3)").reason == "Exit status 3."


def test_an_exception_that_was_logged_long_before_is_not_the_cause() -> None:
    tail = 'Traceback (most recent call last):\n  File "/r/train.py", line 1\nValueError: old\n'
    tail += "epoch done\n" * 31
    assert an_ending(ExitRecord(status=1), tail).reason == (
        'Exit status 1. Last output: "epoch done"'
    )


def test_a_status_of_a_shell_stands_for_a_signal() -> None:
    assert an_ending(ExitRecord(status=137)).reason == "Exit status 137, which stands for SIGKILL."


def test_an_interrupt_is_told_with_its_place(tmp_path: Path) -> None:
    ending = ending_of(tmp_path, "import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    assert ending.reason == "Interrupted: SIGINT from outside (train.py line 2)."


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        ("MemoryError", "Out of memory: Python got no more (train.py line 5)."),
        (
            "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 7.28 TiB for an array",
            "Out of memory: Unable to allocate 7.28 TiB for an array (train.py line 5).",
        ),
        (
            "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 "
            "has a total capacity of 15.77 GiB.",
            "The GPU is out of memory: 2.00 GiB more did not fit (train.py line 5).",
        ),
        (
            "OSError: [Errno 28] No space left on device: 'model.bin'",
            "The disk is full: no space left on device (train.py line 5).",
        ),
        ("torch.serialization.Odd: it is so.", "Odd: it is so (train.py line 5)."),
        ("KeyboardInterrupt", "Interrupted (train.py line 5)."),
    ],
)
def test_what_ran_out_is_named(raised: str, reason: str) -> None:
    tail = (
        'epoch 1\nTraceback (most recent call last):\n  File "/r/work/train.py", line 5, in f\n'
        f'  File "/v/lib/python3.12/site-packages/torch/train.py", line 9, in g\n{raised}\n'
    )
    assert an_ending(ExitRecord(status=1), tail).reason == reason


def test_what_torchrun_puts_before_every_line_is_no_hindrance() -> None:
    tail = (
        "[rank0]: Traceback (most recent call last):\n"
        '[rank0]:   File "/r/train.py", line 3, in <module>\n[rank0]: ValueError: x\n'
    )
    assert an_ending(ExitRecord(status=1), tail).reason == "ValueError: x (train.py line 3)."


def test_a_traceback_whose_beginning_is_cut_off_is_understood() -> None:
    tail = 'ine 3, in f\n    f()\n  File "/r/train.py", line 4, in f\n    g()\nValueError: x\n'
    assert an_ending(ExitRecord(status=1), tail).reason == "ValueError: x (train.py line 4)."


def test_the_frames_of_our_own_runner_are_not_the_users() -> None:
    tail = (
        "Traceback (most recent call last):\n"
        '  File "/p/_mltrain_run/cell.py", line 20, in <module>\n'
        '  File "/r/work/cell.py", line 2, in <module>\nValueError: x\n'
    )
    ending = an_ending(ExitRecord(status=1), tail, "cell.py", cell=True)
    assert ending.reason == "ValueError: x (cell line 2)."


def test_terminal_escapes_are_never_echoed() -> None:
    tail = "50%\r100%\r\x1b[31mno \x1b]0;title\x07go\x1b[0m\x08\x9b\u202e\n"
    assert an_ending(ExitRecord(status=3), tail).reason == 'Exit status 3. Last output: "no go"'


def test_a_reason_is_a_sentence_and_not_a_log() -> None:
    tail = (
        'Traceback (most recent call last):\n  File "/r/train.py", line 3, in f\n'
        f"ValueError: {'x' * 5000}\n"
    )
    reason = an_ending(ExitRecord(status=1), tail).reason
    assert len(reason) <= 300
    assert reason.endswith("… (train.py line 3).")


@pytest.mark.parametrize(
    "tail", ["", "\n\n", "\x1b", "Traceback (most recent call last):", "  File"]
)
def test_odd_output_is_still_explained(tail: str) -> None:
    assert an_ending(ExitRecord(status=1), tail).reason.startswith("Exit status 1.")
