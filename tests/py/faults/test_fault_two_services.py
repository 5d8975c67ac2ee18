"""One service per workspace, whoever starts how many, and whenever they come."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fault_builders import MakePlace, Place, Watched

from jupyter_mltrain import connection
from jupyter_mltrain.client import Client
from jupyter_mltrain.connection import start_service
from jupyter_mltrain.errors import WorkspaceLocked
from jupyter_mltrain.spec import RunState

pytestmark = pytest.mark.slow


def services(place: Place) -> list[int]:
    """Pids of the services: launchers and reapers do not have the lock open."""
    found = []
    for pid in place.machinery():
        try:
            descriptors = [fd.readlink() for fd in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:
            continue
        if place.directory / "lock" in descriptors:
            found.append(pid)
    return found


def test_a_second_service_refuses_and_names_the_first(place: Place) -> None:
    status = place.client.status()
    said = start_service(place.directory)
    assert said.startswith("taken ")
    assert f"is in use by process {status.pid} on " in said
    assert services(place) == [status.pid]
    assert place.client.status().pid == status.pid
    place.completed(place.submit("print('served')"))


def test_clients_that_start_the_service_at_one_moment_are_all_served_by_one(place: Place) -> None:
    clients = [Client(place.directory) for _ in range(6)]
    barrier = threading.Barrier(len(clients))
    pids: list[int] = []

    def ask(client: Client) -> None:
        barrier.wait()
        pids.append(client.status().pid)
        client.close()

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 6
    assert set(pids) == {place.service_pid}


def test_client_processes_that_start_the_service_at_one_moment_all_submit(place: Place) -> None:
    code = f"""\
import sys
from pathlib import Path
from jupyter_mltrain.client import Client
from jupyter_mltrain.spec import RunSpec, Source
from jupyter_mltrain.wire import SubmitRequest
client = Client(Path({str(place.directory)!r}))
print("ready", flush=True)
sys.stdin.readline()
spec = RunSpec(experiment="faults", script="train.py")
print(client.submit(SubmitRequest(spec=spec, source=Source(inline={{"train.py": "print(1)"}}))).id)
"""
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for each in clients:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in clients:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    ids = {each.communicate()[0].strip() for each in clients}
    assert {run.id for run in place.client.iterate()} == ids
    assert len(ids) == 3


def test_a_workspace_that_another_host_uses_is_refused_by_its_name(place: Place) -> None:
    lock = place.directory / "lock"
    lock.write_text(json.dumps({"host": "far-away", "pid": 4711}))
    with pytest.raises(WorkspaceLocked) as caught:
        place.client.status()
    assert caught.value.message == (
        f"The workspace {place.directory} is in use on the host far-away (process 4711). Use it "
        f"from there; if that host is gone for good, delete {lock}."
    )
    assert json.loads(lock.read_bytes())["host"] == "far-away"
    lock.unlink()
    assert place.client.status().workspace == str(place.directory)


@pytest.mark.parametrize("left", ["killed", "torn", "reused"])
def test_a_lock_that_a_killed_service_of_this_host_left_is_taken_over(
    place: Place, left: str
) -> None:
    run = place.completed(place.submit("print('before')"))
    place.kill_service()
    lock = place.directory / "lock"
    holder = json.loads(lock.read_bytes())
    if left == "torn":
        lock.write_bytes(lock.read_bytes()[:7])
    elif left == "reused":
        lock.write_text(json.dumps({**holder, "pid": os.getpid()}))
    assert place.client.get(run.id).state is RunState.COMPLETED
    assert json.loads(lock.read_bytes())["pid"] == place.service_pid


def test_a_service_that_nobody_needs_leaves_and_comes_back_when_asked(
    make_place: MakePlace,
) -> None:
    place = make_place(idle_timeout_s=0.2)
    run = place.completed(place.submit("print('here')"))
    place.client.close()
    first = Watched(place.service_pid)
    first.wait()
    assert (place.directory / "lock").read_bytes() == b""
    assert "leaving" in place.log()
    assert place.output(run) == b"here\n"
    assert place.service_pid != first.pid


def test_a_service_with_a_run_does_not_leave(make_place: MakePlace) -> None:
    place = make_place(idle_timeout_s=0.1)
    gate = place.gate()
    run = place.submit("import sys; print('here', flush=True); open(sys.argv[1]).read()", gate)
    next(place.lines(run))
    assert not Watched(place.service_pid).ends_within(1.3)  # more than one look
    gate.open()
    place.completed(run)


def test_a_newer_client_replaces_an_older_service_whose_run_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = place.gate()
    script = "import sys; print('one', flush=True); open(sys.argv[1]).read(); print('two')"
    run = place.submit(script, gate)
    follower = place.lines(run)
    assert next(follower) == b"one\n"
    old = Watched(place.service_pid)
    monkeypatch.setattr(connection, "__version__", "99.0.0")
    newer = Client(place.directory)
    assert newer.get(run.id).state is RunState.RUNNING
    old.wait()
    assert place.service_pid != old.pid
    gate.open()
    assert b"".join(follower) == b"two\n"
    assert newer.get(run.id).state is RunState.COMPLETED
    newer.close()


def test_an_older_client_uses_a_newer_service_as_it_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = place.client.status().pid
    monkeypatch.setattr(connection, "__version__", "0.0.1")
    older = Client(place.directory)
    assert older.status().pid == service
    older.close()


def test_a_client_made_before_a_fork_works_in_both_processes(place: Place) -> None:
    place.client.status()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, str(place.client.status().pid).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(theirs)
    assert int(os.read(ours, 100)) == place.client.status().pid
    os.close(ours)
