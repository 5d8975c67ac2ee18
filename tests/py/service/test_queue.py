"""Who starts next, and what each of the others is told."""

from __future__ import annotations

import pytest
from service_builders import a_run

from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.service.queue import Queue, waiting_for
from jupyter_mltrain.spec import Capacity, Device, Run


def a_queue(*runs: Run, cpus: int = 4, gpus: int = 2) -> Queue:
    devices = tuple(Device(index=at, name="Fake", memory_bytes=1) for at in range(gpus))
    queue = Queue({"local": Ledger(Capacity(cpus=cpus, memory_bytes=16 * 10**9, gpus=devices))})
    for run in runs:
        queue.add(run)
    return queue


def started(queue: Queue) -> list[int]:
    """Numbers of the runs that start now, in order."""
    numbers = []
    while (taken := queue.take_next()) is not None:
        numbers.append(taken[0].number)
    return numbers


def label_of(run_id: str) -> str:
    return f"run {run_id.split('_')[1]}"


def reasons(queue: Queue) -> list[str]:
    return [queue.reason(run, label_of) for run in queue]


def test_equals_start_in_the_order_they_were_submitted() -> None:
    queue = a_queue(a_run(2, cpus=1), a_run(3, cpus=1), a_run(1, cpus=1))
    assert started(queue) == [1, 2, 3]


def test_a_higher_priority_starts_first() -> None:
    queue = a_queue(a_run(1, cpus=1), a_run(2, cpus=1, priority=5), a_run(3, cpus=1, priority=-1))
    assert started(queue) == [2, 1, 3]


def test_a_run_is_not_overtaken_by_a_smaller_one_for_what_both_need() -> None:
    queue = a_queue(a_run(1, cpus=3), a_run(2, cpus=2), a_run(3, cpus=1), cpus=4)
    assert started(queue) == [1]


def test_a_later_run_goes_past_when_it_takes_nothing_of_what_is_waited_for() -> None:
    queue = a_queue(a_run(1, cpus=1, gpus=1), cpus=4, gpus=1)
    assert started(queue) == [1]
    queue.add(a_run(2, cpus=1, gpus=1))
    queue.add(a_run(3, cpus=2))
    assert started(queue) == [3]


def test_what_a_waiting_run_needs_besides_is_kept_for_it_too() -> None:
    queue = a_queue(a_run(1, cpus=1, gpus=1), cpus=4, gpus=1)
    started(queue)
    queue.add(a_run(2, cpus=2, gpus=1))
    queue.add(a_run(3, cpus=2))  # only one CPU is left beside the two that run 2 will need
    assert started(queue) == []


def test_gpus_are_kept_for_the_run_that_waits_for_more_of_them() -> None:
    queue = a_queue(a_run(1, cpus=1, gpus=1), cpus=4, gpus=2)
    started(queue)
    queue.add(a_run(2, cpus=1, gpus=2))
    queue.add(a_run(3, cpus=1, gpus=1))
    assert started(queue) == []


def test_what_is_given_back_lets_the_next_start() -> None:
    first = a_run(1, cpus=4)
    queue = a_queue(first, a_run(2, cpus=4))
    assert started(queue) == [1]
    queue.ledgers["local"].release(first.id)
    assert started(queue) == [2]


def test_each_compute_has_room_of_its_own() -> None:
    ledger = Ledger(Capacity(cpus=1, memory_bytes=1))
    queue = a_queue(a_run(1, cpus=4), a_run(2, cpus=4), a_run(3, cpus=1, compute="far"))
    queue.ledgers = {**queue.ledgers, "far": ledger}
    assert started(queue) == [1, 3]


def test_the_first_is_told_what_is_short_and_who_holds_it() -> None:
    queue = a_queue(a_run(1, cpus=1, gpus=2))
    started(queue)
    queue.add(a_run(2, cpus=1, gpus=1))
    assert reasons(queue) == ["waiting for 1 GPU: run 1 holds it"]


@pytest.mark.parametrize(
    ("what", "them"),
    [("1 CPU", "it"), ("2 GPUs", "them"), ("25 GB of memory", "it"), ("1 GB of memory", "it")],
)
def test_what_is_held_is_one_or_many(what: str, them: str) -> None:
    assert waiting_for(what, ["1"], "run {}".format) == f"waiting for {what}: run 1 holds {them}"


def test_several_holders_are_counted() -> None:
    queue = a_queue(*(a_run(number, cpus=1) for number in (1, 2, 3, 4)))
    started(queue)
    queue.add(a_run(5, cpus=2))
    assert reasons(queue) == ["waiting for 2 CPUs: run 1 and 3 more hold them"]


def test_those_behind_are_told_their_place() -> None:
    queue = a_queue(*(a_run(number, cpus=4) for number in (1, 2, 3)))
    started(queue)
    assert reasons(queue) == [
        "waiting for 4 CPUs: run 1 holds them",
        "2nd in line; waiting for 4 CPUs: run 1 holds them",
    ]


def test_one_that_would_fit_but_for_those_ahead_is_told_so() -> None:
    queue = a_queue(a_run(1, cpus=3))
    started(queue)
    queue.add(a_run(2, cpus=2))
    queue.add(a_run(3, cpus=1))
    assert reasons(queue)[1] == "2nd in line; behind digits #2"


def test_places_are_counted_in_english() -> None:
    queue = a_queue(*(a_run(number, cpus=4) for number in range(24)))
    started(queue)
    places = [reason.split(" in line")[0] for reason in reasons(queue)[1:]]
    assert places[:3] == ["2nd", "3rd", "4th"]
    assert places[9:12] == ["11th", "12th", "13th"]
    assert places[19:] == ["21st", "22nd", "23rd"]


def test_a_run_that_is_taken_out_has_no_place() -> None:
    first, second = a_run(1), a_run(2)
    queue = a_queue(first, second)
    queue.remove(first.id)
    assert (queue.position(first.id), queue.position(second.id), len(queue)) == (None, 1, 1)


def test_taking_out_what_is_not_in_does_nothing() -> None:
    queue = a_queue(a_run(1))
    queue.remove("digits_9_0000")
    assert len(queue) == 1
