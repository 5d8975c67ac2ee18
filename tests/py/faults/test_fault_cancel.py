"""Cancelling: SIGTERM, grace, SIGKILL, and no process of the run is left."""

from __future__ import annotations

import os

import pytest
from fault_builders import Place, Watched, is_gone, kill, with_argument

from jupyter_mltrain.spec import RunState

pytestmark = pytest.mark.slow

WAITS = "import sys\nprint('here', flush=True)\nopen(sys.argv[1]).read()\n"

POLITE = """\
import signal, sys
def end(*_):
    print("ending", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("here", flush=True)
signal.pause()
"""

STUBBORN = """\
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here", flush=True)
while True:
    signal.pause()
"""

DAEMON = """\
import os, signal, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        env = ["env", "-i", "setsid", sys.executable, "-c"]
        code = '''
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "w") as gate:
    gate.write(str(os.getpid()))
while True:
    signal.pause()
'''
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.chdir("/")
        os.execvp(env[0], [*env, code, sys.argv[1]])
    os._exit(0)
os.wait()
print("here", flush=True)
open(sys.argv[2]).read()
"""
"""Leaves a process that is in a session of its own, has no parent, environment or folder of the
run, and ignores SIGTERM."""


def test_a_cancelled_run_may_tidy_up(place: Place) -> None:
    run = place.submit(POLITE)
    output = place.lines(run)
    assert next(output) == b"here\n"
    assert place.client.cancel(run.id).state is RunState.CANCEL_REQUESTED
    assert b"".join(output) == b"ending\n"
    ended = place.ended(run)
    assert ended.state is RunState.CANCELED
    assert ended.reason.startswith("cancelled by you after 0:0")


def test_a_run_that_ignores_the_request_is_killed_after_its_grace(place: Place) -> None:
    run = place.submit(STUBBORN)
    output = place.lines(run)
    next(output)
    place.client.cancel(run.id)
    assert b"".join(output) == b""
    ended = place.ended(run)
    assert (ended.state, ended.exit and ended.exit.signal) == (RunState.CANCELED, 9)
    assert place.of_run(run) == []


def test_a_daemon_in_a_session_of_its_own_without_environment_is_gone_after_a_cancel(
    place: Place,
) -> None:
    gate = place.gate()
    run = place.submit(DAEMON, gate, place.gate("end"))
    daemon = int(gate.heard())
    next(place.lines(run))
    assert not is_gone(daemon)
    assert daemon not in place.of_run(run)
    place.client.cancel(run.id)
    assert place.ended(run).state is RunState.CANCELED
    assert is_gone(daemon)
    assert with_argument(str(gate)) == []


def test_a_daemon_that_a_script_leaves_is_ended_and_said_so(place: Place) -> None:
    gate, end = place.gate(), place.gate("end")
    run = place.submit(DAEMON, gate, end)
    daemon = Watched(int(gate.heard()))
    end.open()
    ended = place.completed(run)
    assert daemon.ends_within(0)
    assert ended.exit is not None
    assert ended.exit.leftovers == 1
    assert b"ended 1 process that the script left" in place.output(
        run, "azureml-logs/60_control_log.txt"
    )


def test_what_was_written_before_a_cancel_is_kept(place: Place) -> None:
    run = place.submit(
        "open('outputs/half', 'w').write('so far')\n"
        "print('here', flush=True)\nimport signal; signal.pause()"
    )
    next(place.lines(run))
    place.client.cancel(run.id)
    place.ended(run)
    assert place.output(run, "outputs/half") == b"so far"


def test_a_queued_run_is_cancelled_at_once_and_never_starts(place: Place) -> None:
    gate = place.gate()
    cpus = place.client.computes()[0].capacity.cpus
    first = place.submit(WAITS, gate, resources={"cpus": cpus})
    second = place.submit("print('never')", resources={"cpus": cpus})
    cancelled = place.client.cancel(second.id)
    assert cancelled.state is RunState.CANCELED
    assert cancelled.reason == "cancelled by you before it started"
    gate.open()
    place.completed(first)
    assert place.client.get(second.id).started_at is None
    assert [file.name for file in place.client.files(second.id)] == []


def test_cancelling_twice_is_cancelling_once(place: Place) -> None:
    run = place.submit(STUBBORN)
    next(place.lines(run))
    first = place.client.cancel(run.id)
    second = place.client.cancel(run.id)
    assert first.state is second.state is RunState.CANCEL_REQUESTED
    place.ended(run)
    states = [change.state for change in place.client.history(run.id)]
    assert states.count(RunState.CANCEL_REQUESTED) == 1
    assert states[-1] is RunState.CANCELED


def test_cancelling_a_run_that_has_ended_changes_nothing(place: Place) -> None:
    run = place.completed(place.submit("print('done')"))
    assert place.client.cancel(run.id).version == run.version
    assert place.client.get(run.id).state is RunState.COMPLETED


def test_a_cancel_is_carried_out_though_the_service_is_killed_meanwhile(
    place: Place,
) -> None:
    run = place.submit(POLITE)
    next(place.lines(run))
    place.client.cancel(run.id)
    place.kill_service()
    ended = place.ended(run)
    assert ended.state is RunState.CANCELED
    assert place.of_run(run) == []


def test_a_cancel_that_only_reached_the_disk_is_carried_out_by_the_next_service(
    place: Place,
) -> None:
    run = place.submit(POLITE)
    next(place.lines(run))
    reaper = place.reaper_pid(run)
    os.kill(reaper, 19)  # SIGSTOP: the request to end does not reach the script
    place.client.cancel(run.id)
    place.kill_service()
    os.kill(reaper, 18)
    assert place.ended(run).state is RunState.CANCELED


def test_a_run_is_cancelled_at_whatever_moment_of_its_start(place: Place) -> None:
    runs = []
    for _ in range(12):
        runs.append(place.submit("import signal; signal.pause()"))
        place.client.cancel(runs[-1].id)
    assert {place.ended(run).state for run in runs} == {RunState.CANCELED}
    assert [place.of_run(run) for run in runs] == [[]] * 12


def test_a_cancelled_run_whose_reaper_is_killed_leaves_no_process(place: Place) -> None:
    run = place.submit(STUBBORN)
    next(place.lines(run))
    reaper = place.reaper_pid(run)
    os.kill(reaper, 19)
    place.client.cancel(run.id)
    kill(reaper)
    ended = place.ended(run)
    assert ended.state in (RunState.CANCELED, RunState.FAILED)
    assert place.of_run(run) == []
