"""Scripts that do what scripts should not: each ends with the truth about it, and is kept."""

from __future__ import annotations

import time

import pytest
from fault_builders import Place, Watched, rss_bytes

from jupyter_mltrain.client import LogChunk
from jupyter_mltrain.spec import DRIVER_LOG, RunState

pytestmark = pytest.mark.slow

CONTROL_LOG = "azureml-logs/60_control_log.txt"


@pytest.fixture
def place(shared: Place) -> Place:
    return shared


def test_an_empty_script_completes(place: Place) -> None:
    run = place.completed(place.submit(""))
    assert place.output(run) == b""


def test_binary_output_comes_as_it_is(place: Place) -> None:
    run = place.submit(
        "import os, sys\n"
        "for _ in range(100): os.write(1, bytes(range(256)))\n"
        "sys.stderr.buffer.write(b'\\xff\\xfe\\x00')"
    )
    assert b"".join(place.lines(run)) == bytes(range(256)) * 100 + b"\xff\xfe\x00"
    place.completed(run)


def test_binary_output_before_a_failure_makes_a_reason_that_can_be_read(place: Place) -> None:
    run = place.ended(
        place.submit("import os; os.write(1, b'\\xff\\x00\\x1b[31mred'); os._exit(7)")
    )
    assert run.reason == 'Exit status 7. Last output: "\ufffdred"'


def test_two_hundred_megabytes_reach_a_slow_follower_and_leave_the_service_as_small_as_before(
    place: Place,
) -> None:
    warm = place.completed(place.submit("print('x' * 1_000_000)"))
    b"".join(place.lines(warm))
    before = rss_bytes(place.service_pid)
    megabytes = 200
    run = place.submit(
        "import sys\n"
        f"for n in range({megabytes}):\n"
        "    sys.stdout.write(f'{n:09}\\n' * 100_000)\n"
    )
    expected = received = 0
    peak = 0
    for item in place.client.follow(run.id, {DRIVER_LOG: 0}):
        if isinstance(item, LogChunk):
            assert item.offset == received
            received += len(item.data)
            # The last line of the piece tells whether its place is right.
            if len(item.data) > 20:
                line = item.data[-20 - (received % 10) :][:10]
                assert int(line) == (received - 20 - received % 10) // 1_000_000
            if received // 20_000_000 > expected:
                expected = received // 20_000_000
                time.sleep(0.02)  # slower than what is written
                peak = max(peak, rss_bytes(place.service_pid))
    assert received == megabytes * 1_000_000
    assert peak - before <= 20_000_000


def test_a_script_that_closes_its_output_still_ends_as_it_does(place: Place) -> None:
    script = "import os\nprint('one', flush=True)\nos.close(1); os.close(2)\nos._exit({})"
    done = place.completed(place.submit(script.format(0)))
    assert place.output(done) == b"one\n"
    assert place.ended(place.submit(script.format(4))).state is RunState.FAILED


def test_a_script_that_deletes_its_own_directory_keeps_its_output(place: Place) -> None:
    run = place.completed(
        place.submit("import os, shutil\nshutil.rmtree(os.getcwd())\nprint('gone')")
    )
    assert place.output(run) == b"gone\n"


def test_a_script_that_deletes_all_that_the_run_has_is_failed_saying_so(place: Place) -> None:
    run = place.ended(
        place.submit("import os, shutil\nshutil.rmtree(os.environ['MLTRAIN_RUN_DIR'])")
    )
    assert run.state is RunState.FAILED
    assert "service failed" not in run.reason
    assert place.client.files(run.id) == ()


def test_a_script_that_goes_elsewhere_keeps_the_outputs_beside_it(place: Place) -> None:
    run = place.completed(
        place.submit("import os\nopen('outputs/a', 'w').write('a')\nos.chdir('/')\nprint('away')")
    )
    assert place.output(run, "outputs/a") == b"a"


def test_outputs_replaced_by_a_file_are_kept_as_that_file(place: Place) -> None:
    run = place.completed(
        place.submit("import os\nos.rmdir('outputs')\nopen('outputs', 'w').write('flat')")
    )
    assert place.output(run, "outputs") == b"flat"


def test_outputs_replaced_by_a_symlink_give_nothing_of_where_it_leads(place: Place) -> None:
    run = place.completed(
        place.submit("import os\nos.rmdir('outputs')\nos.symlink('/etc', 'outputs')")
    )
    assert [f.name for f in place.client.files(run.id) if f.name.startswith("outputs")] == []
    assert b"outside of the run's folder, and is not kept" in place.output(run, CONTROL_LOG)


ODD_NAMES = (
    "with space",
    " leading and trailing ",
    'it\'s "quoted"',
    "new\nline",
    "tab\tand\x01control",
    "emoji 🚂",
    "n" * 255,
    "é" * 127,
    "-rf",
    "--",
    "~",
    "%41%2F",
    "a+b&c=d;e#f?g",
    "back\\slash",
    "colon:7",
    "$HOME`id`",
    "...",
    "deep/er/est",
)


def test_outputs_with_odd_names_are_all_listed_and_fetched(place: Place) -> None:
    script = f"""\
import os
for n, name in enumerate({ODD_NAMES!r}):
    path = os.path.join("outputs", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "w").write(str(n))
open(b"outputs/not \\xff utf-8", "w").write("bytes")
"""
    run = place.completed(place.submit(script))
    listed = [file.name for file in place.client.files(run.id) if file.name.startswith("outputs")]
    assert sorted(listed) == sorted(
        [f"outputs/{name}" for name in ODD_NAMES] + ["outputs/not \\udcff utf-8"]
    )
    for n, name in enumerate(ODD_NAMES):
        assert place.output(run, f"outputs/{name}") == str(n).encode(), name
    assert place.output(run, "outputs/not \\udcff utf-8") == b"bytes"


@pytest.mark.parametrize("name", [name for name in ODD_NAMES if "/" not in name])
def test_a_log_with_an_odd_name_is_followed(place: Place, name: str) -> None:
    run = place.submit(f"open('logs/' + {name!r}, 'w').write('one\\n')")
    followed = place.client.follow(run.id, {f"logs/{name}": 0})
    assert [item.data for item in followed if isinstance(item, LogChunk)] == [b"one\n"]


def test_a_process_left_in_the_background_is_ended(place: Place) -> None:
    run = place.submit(
        "import subprocess\n"
        "print(subprocess.Popen(['sleep', '1000'], start_new_session=True).pid, flush=True)"
    )
    left = Watched(int(b"".join(place.lines(run))))
    assert left.ends_within(0)
    assert b"ended 1 process that the script left" in place.output(run, CONTROL_LOG)


def test_a_script_with_many_processes_ends_with_all_of_them(place: Place) -> None:
    script = """\
import os, signal
ours, theirs = os.pipe()
for _ in range(50):
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
        os.write(theirs, b"x")
        signal.pause()
for _ in range(100):
    os.read(ours, 1)
"""
    run = place.submit(script)
    ended = place.completed(run)
    assert ended.exit is not None
    assert ended.exit.leftovers == 100
    assert place.of_run(run) == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import sys; sys.exit('no data')", 'Exit status 1. Last output: "no data"'),
        ("import os; os._exit(7)", "Exit status 7."),
        ("import sys; sys.exit(256 + 5)", "Exit status 5."),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
            "Crashed: segmentation fault (SIGSEGV).",
        ),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
            "Ended by SIGTERM from outside.",
        ),
        ("import os, signal; os.kill(os.getpid(), 9)", "Ended by SIGKILL from outside."),
        ("raise MemoryError", "Out of memory: Python got no more (train.py line 1)."),
        ("x = bytearray(1 << 60)", "Out of memory: Python got no more (train.py line 1)."),
        ("\n\n1 / 0", "ZeroDivisionError: division by zero (train.py line 3)."),
        ("open('data.csv')", "No such file: 'data.csv' (train.py line 1)."),
        ("input()", "A run has no keyboard: input() has nobody to ask (train.py line 1)."),
        ("raise SystemExit(True)", "Exit status 1."),
        ("import os; os.abort()", "Crashed: aborted (SIGABRT)."),
    ],
)
def test_an_ending_is_told_in_a_line(place: Place, script: str, reason: str) -> None:
    run = place.ended(place.submit(script, force=True))
    assert (run.state, run.reason) == (RunState.FAILED, reason)


def test_a_module_that_is_missing_at_run_time_is_named_with_what_to_install(place: Place) -> None:
    run = place.ended(place.submit("__import__('skl' + 'earnn')"))
    assert run.reason == "No module named 'sklearnn' (train.py line 1)."
    assert run.advice is not None
    assert "pip install sklearnn" in run.advice


def test_a_run_over_its_time_is_ended_saying_so(place: Place) -> None:
    run = place.submit("print('here', flush=True); import signal; signal.pause()", timeout_s=0.3)
    ended = place.ended(run)
    assert ended.state is RunState.CANCELED
    assert ended.reason == "cancelled: over its limit of 0.3 s"
    assert ended.advice == "Give it longer with `--timeout`."
    assert place.output(run) == b"here\n"


def test_a_run_over_its_time_that_ignores_the_request_is_killed(place: Place) -> None:
    run = place.submit(
        "import signal; signal.signal(15, signal.SIG_IGN)\nwhile True: signal.pause()",
        timeout_s=0.3,
    )
    assert place.ended(run).reason.startswith("cancelled: over its limit")
    assert place.of_run(run) == []


def test_a_run_over_its_memory_is_failed_saying_so(place: Place) -> None:
    run = place.submit(
        "x = b'x' * 300_000_000\nimport signal; signal.pause()",
        resources={"memory_bytes": 200_000_000},
    )
    ended = place.ended(run)
    assert ended.state is RunState.FAILED
    assert ended.reason == "Out of memory: it asked for more than its 200 MB."
    assert "--memory 400MB" in (ended.advice or "")


def test_an_argument_longer_than_the_system_takes_is_a_start_that_failed(place: Place) -> None:
    run = place.ended(place.submit("print('here')", "x" * 200_000))
    assert run.state is RunState.FAILED
    assert "Argument list too long" in run.reason


def test_a_shell_script_runs(place: Place) -> None:
    run = place.submit("echo $0 $1; exit 6", "odd; arg", script="job.sh")
    ended = place.ended(run)
    assert ended.reason == 'Exit status 6. Last output: "job.sh odd; arg"'


def test_a_script_that_changes_its_working_copy_changes_no_snapshot(place: Place) -> None:
    script = "open('train.py', 'w').write('changed'); print(len(open(__file__).read()))"
    first = place.completed(place.submit(script))
    second = place.completed(place.submit(script))
    assert first.snapshot_id == second.snapshot_id
    assert place.output(first) == place.output(second) == b"7\n"


def test_files_that_a_script_locks_away_are_collected(place: Place) -> None:
    run = place.completed(
        place.submit(
            "import os\nos.mkdir('outputs/d'); open('outputs/d/f', 'w').write('x')\n"
            "os.chmod('outputs/d/f', 0); os.chmod('outputs/d', 0); os.chmod('outputs', 0)"
        )
    )
    assert "outputs/d/f" in [file.name for file in place.client.files(run.id)]


def test_a_pipe_among_the_outputs_is_named_and_hangs_nobody(place: Place) -> None:
    run = place.completed(place.submit("import os; os.mkfifo('outputs/pipe')"))
    assert b"'outputs/pipe' is no plain file and is not kept" in place.output(run, CONTROL_LOG)
