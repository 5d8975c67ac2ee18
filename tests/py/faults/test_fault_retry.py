"""A service that is killed between attempts of a run: none is lost, and none is counted twice."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fault_builders import MakePlace, Place, fill

from jupyter_mltrain.spec import ClusterSpec, NodeState, RunState
from jupyter_mltrain.wire import ClusterRequest

pytestmark = pytest.mark.slow

FAILS = """\
import os, sys
from azureml.core import Run
with open("outputs/attempts", "a") as file:
    file.write(os.environ["MLTRAIN_ATTEMPT"] + "\\n")
run = Run.get_context()
run.register_model("net", "outputs/attempts")
if sys.argv[1] == "says":
    run.fail(error_details="diverged")
else:
    sys.exit(3)
"""


@pytest.mark.parametrize("how", ["says", "exits"])
def test_every_attempt_is_made_once_and_finds_what_those_before_wrote(
    place: Place, how: str
) -> None:
    run = place.submit(FAILS, how, retries=7)
    for moment in range(8):
        time.sleep(0.04 * moment)  # the moment is the point: between two attempts, or in one
        place.kill_service()
        place.client.status()
    ended = place.ended(run)
    assert (ended.state, ended.attempt) == (RunState.FAILED, 8), ended.reason
    assert place.output(run, "outputs/attempts").split() == [b"%d" % at for at in range(1, 9)]
    reasons = [change.reason for change in place.client.history(run.id)]
    why = "diverged" if how == "says" else "Exit status 3"
    for attempt in range(1, 8):
        (said,) = [each for each in reasons if each.startswith(f"Attempt {attempt} of 8 failed")]
        assert why in said
    models = place.client.models("net")
    assert [model.version for model in models] == list(range(8, 0, -1))


ASKS_TWICE = """\
import os, sys
from azureml.core import Run
def ask():
    Run.get_context().register_model("net", "outputs/weights")
if os.environ["MLTRAIN_ATTEMPT"] == "1":
    open("outputs/weights", "w").close()
    ask()
    sys.exit(3)
print("two", flush=True)
open(sys.argv[1]).read()
ask()
print("asked", flush=True)
open(sys.argv[2]).read()
"""


def test_what_an_attempt_has_asked_for_is_not_answered_again_by_a_later_service(
    place: Place,
) -> None:
    gates = place.gate("first"), place.gate("second")
    run = place.submit(ASKS_TWICE, *gates, retries=1)
    lines = place.lines(run)
    assert b"two\n" in lines
    place.kill_service()
    place.client.status()
    gates[0].open()
    assert b"asked\n" in lines
    assert list((place.run_dir(run) / "asks").iterdir()) == []
    gates[1].open()
    place.completed(run)
    assert len(place.client.models("net")) == 2


def test_attempts_on_a_cluster_are_made_once_and_hold_one_node(make_place: MakePlace) -> None:
    place = make_place(cpus=2, memory_bytes=16 * 1024**3)
    spec = ClusterSpec(vm_size="STANDARD_D1_V2", max_nodes=2)
    place.client.create_cluster(ClusterRequest(name="nodes", spec=spec))
    run = place.submit(FAILS, "exits", retries=5, compute="nodes")
    for moment in range(6):
        time.sleep(0.05 * moment)  # the moment is the point: between two attempts, or in one
        place.kill_service()
        (cluster,) = (each.cluster for each in place.client.computes() if each.cluster)
        assert len([node for node in cluster.nodes if node.run_id]) <= 1
    assert place.ended(run).attempt == 6
    assert place.output(run, "outputs/attempts").split() == [b"%d" % at for at in range(1, 7)]
    (cluster,) = (each.cluster for each in place.client.computes() if each.cluster)
    assert {node.state for node in cluster.nodes} <= {NodeState.IDLE}


def test_a_run_that_is_tried_again_is_known_when_the_database_is_lost(place: Place) -> None:
    gate = place.gate()
    script = (
        "import os, sys\nprint(os.environ['MLTRAIN_ATTEMPT'], flush=True)\n"
        "open('outputs/attempts', 'a').write(os.environ['MLTRAIN_ATTEMPT'])\n"
        "if os.environ['MLTRAIN_ATTEMPT'] == '1': sys.exit(3)\n"
        "open(sys.argv[1]).read()\n"
    )
    run = place.submit(script, gate, retries=1)
    assert b"2\n" in place.lines(run)
    record = place.run_dir(run) / "run.json"
    while not record.exists() or b'"attempt":2' not in record.read_bytes():
        time.sleep(0.02)
    place.kill_service()
    for path in place.directory.glob("store.sqlite*"):
        path.unlink()
    place.running(run)
    gate.open()
    ended = place.completed(run)
    assert ended.attempt == 2
    assert place.output(run, "outputs/attempts") == b"12"


@pytest.mark.root
def test_a_disk_that_is_full_between_two_attempts_makes_the_run_wait(
    disk: Path, make_place: MakePlace
) -> None:
    place = make_place(disk / "workspace")
    gate = place.gate()
    script = (
        "import os, sys\nprint(os.environ['MLTRAIN_ATTEMPT'], flush=True)\n"
        "if os.environ['MLTRAIN_ATTEMPT'] == '2': sys.exit()\n"
        "open(sys.argv[1]).read()\nsys.exit(3)\n"
    )
    run = place.submit(script, gate, retries=1)
    next(place.lines(run))
    ballast = fill(disk)
    gate.open()
    time.sleep(1)  # for all that the service does then
    ballast.unlink()
    ended = place.ended(run)
    assert (ended.state, ended.attempt) == (RunState.COMPLETED, 2), ended.reason
    place.close()
