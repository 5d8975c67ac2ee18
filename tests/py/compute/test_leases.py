"""Who holds how much of a compute target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mltrain.compute.leases import Ledger
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Capacity, Device, Lease, Resources

GIB = 1_000_000_000


def a_ledger(cpus: int = 8, gpus: int = 0, memory_bytes: int = 16 * GIB) -> Ledger:
    devices = tuple(Device(index=at, name="Fake", memory_bytes=8 * GIB) for at in range(gpus))
    return Ledger(Capacity(cpus=cpus, memory_bytes=memory_bytes, gpus=devices))


@pytest.mark.parametrize(
    ("ledger", "asked", "cpus"),
    [
        (a_ledger(cpus=8), Resources(), 4),
        (a_ledger(cpus=1), Resources(), 1),
        (a_ledger(cpus=3), Resources(), 1),
        (a_ledger(cpus=8, gpus=4), Resources(gpus=1), 2),
        (a_ledger(cpus=8, gpus=4), Resources(gpus=4), 8),
        (a_ledger(cpus=2, gpus=8), Resources(gpus=1), 1),
        (a_ledger(cpus=8, gpus=4), Resources(gpus=1, cpus=3), 3),
    ],
)
def test_a_run_that_names_no_cpus_gets_its_share(
    ledger: Ledger, asked: Resources, cpus: int
) -> None:
    assert ledger.wanted(asked).cpus == cpus


def test_gpus_are_given_by_index_lowest_first() -> None:
    ledger = a_ledger(gpus=4)
    first = ledger.take("a", Resources(cpus=1, gpus=2))
    second = ledger.take("b", Resources(cpus=1, gpus=1))
    assert first is not None
    assert second is not None
    assert (first.gpus, second.gpus) == ((0, 1), (2,))


def test_a_gpu_that_is_given_back_is_given_again() -> None:
    ledger = a_ledger(gpus=2)
    ledger.take("a", Resources(cpus=1, gpus=1))
    ledger.take("b", Resources(cpus=1, gpus=1))
    ledger.release("a")
    lease = ledger.take("c", Resources(cpus=1, gpus=1))
    assert lease is not None
    assert lease.gpus == (0,)


def test_what_is_short_is_not_given_and_nothing_is_taken() -> None:
    ledger = a_ledger(cpus=4, gpus=1)
    assert ledger.take("a", Resources(cpus=2, gpus=1)) is not None
    assert ledger.take("b", Resources(cpus=1, gpus=1)) is None
    assert ledger.take("c", Resources(cpus=2)) is not None
    assert set(ledger.leases) == {"a", "c"}


def test_memory_that_nobody_asked_for_is_not_booked() -> None:
    ledger = a_ledger(memory_bytes=4 * GIB)
    lease = ledger.take("a", Resources(cpus=1))
    assert lease is not None
    assert lease.memory_bytes == 0
    assert ledger.take("b", Resources(cpus=1, memory_bytes=4 * GIB)) is not None


@pytest.mark.parametrize(
    ("asked", "words", "holders"),
    [
        (Resources(cpus=1), "1 CPU", ("all", "plain")),
        (Resources(cpus=3), "3 CPUs", ("all", "plain")),
    ],
)
def test_a_shortage_of_cpus_names_everyone_who_holds_some(
    asked: Resources, words: str, holders: tuple[str, ...]
) -> None:
    ledger = a_ledger(cpus=4)
    ledger.take("all", Resources(cpus=3))
    ledger.take("plain", Resources(cpus=1))
    assert ledger.shortage(asked) == (words, holders)


def test_a_shortage_of_gpus_names_only_who_holds_some() -> None:
    ledger = a_ledger(cpus=4, gpus=1)
    ledger.take("plain", Resources(cpus=1))
    ledger.take("gpu", Resources(cpus=1, gpus=1))
    assert ledger.shortage(Resources(cpus=1, gpus=1)) == ("1 GPU", ("gpu",))


def test_a_shortage_of_memory_names_only_who_booked_some() -> None:
    ledger = a_ledger(cpus=4, memory_bytes=4 * GIB)
    ledger.take("plain", Resources(cpus=1))
    ledger.take("big", Resources(cpus=1, memory_bytes=3 * GIB))
    short = ledger.shortage(Resources(cpus=1, memory_bytes=2 * GIB))
    assert short == ("2 GB of memory", ("big",))


def test_nothing_is_short_when_there_is_enough() -> None:
    assert a_ledger().shortage(Resources()) is None


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Resources(gpus=1000), "The run asks for 1000 GPUs and 'local' has 2 GPUs. "),
        (Resources(cpus=9), "The run asks for 9 CPUs and 'local' has 8 CPUs. Ask for at most 8."),
        (Resources(memory_bytes=17 * GIB), "The run asks for 17 GB of memory and 'local' has 16"),
    ],
)
def test_a_request_that_can_never_be_met_is_refused_with_what_there_is(
    asked: Resources, sentence: str
) -> None:
    with pytest.raises(InvalidSpec) as caught:
        a_ledger(gpus=2).check(asked, "local")
    assert caught.value.message.startswith(sentence)


def test_a_gpu_where_there_is_none_is_refused() -> None:
    with pytest.raises(InvalidSpec, match=r"asks for 1 GPU and 'local' has no GPU\. Ask for none"):
        a_ledger().check(Resources(gpus=1), "local")


def test_a_lease_from_before_a_restart_is_held_again() -> None:
    ledger = a_ledger(cpus=4, gpus=2)
    ledger.hold("old", Lease(cpus=3, gpus=(1,)))
    lease = ledger.take("new", Resources(cpus=1, gpus=1))
    assert lease is not None
    assert lease.gpus == (0,)
    assert ledger.take("third", Resources(cpus=1)) is None


def test_a_lease_on_a_gpu_that_is_gone_does_not_bring_it_back() -> None:
    ledger = a_ledger(gpus=1)
    ledger.hold("old", Lease(cpus=1, gpus=(0, 7)))
    ledger.release("old")
    assert ledger.shortage(Resources(cpus=1, gpus=2)) is not None


def test_giving_back_twice_gives_back_once() -> None:
    ledger = a_ledger(cpus=2)
    ledger.take("a", Resources(cpus=1))
    ledger.release("a")
    ledger.release("a")
    assert ledger.take("b", Resources(cpus=2)) is not None
    assert ledger.shortage(Resources(cpus=1)) is not None


def test_what_is_kept_for_one_is_left_out_for_those_behind() -> None:
    ledger = a_ledger(cpus=4, gpus=1)
    ledger.take("holder", Resources(cpus=1, gpus=1))
    left = ledger.outlook({})
    left.keep(Resources(cpus=2, gpus=1))
    assert left.fits(Resources(cpus=1))
    assert not left.fits(Resources(cpus=2))
    assert ledger.shortage(Resources(cpus=3)) is None


requests = st.builds(
    Resources,
    cpus=st.none() | st.integers(1, 6),
    gpus=st.integers(0, 3),
    memory_bytes=st.none() | st.integers(1, 20 * GIB),
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "take", "take", "release"]), st.integers(0, 9), requests
        ),
        max_size=30,
    )
)
def test_never_more_is_held_than_there_is(steps: list[tuple[str, int, Resources]]) -> None:
    ledger = a_ledger(cpus=6, gpus=3, memory_bytes=16 * GIB)
    for what, number, asked in steps:
        if what == "release":
            ledger.release(f"run-{number}")
        elif f"run-{number}" not in ledger.leases:
            ledger.take(f"run-{number}", asked)
        held = list(ledger.leases.values())
        gpus = [gpu for lease in held for gpu in lease.gpus]
        assert sum(lease.cpus for lease in held) <= 6
        assert sum(lease.memory_bytes for lease in held) <= 16 * GIB
        assert len(gpus) == len(set(gpus))
        assert set(gpus) <= {0, 1, 2}


@given(st.lists(requests, max_size=8))
def test_when_all_is_given_back_all_is_there(asked: list[Resources]) -> None:
    ledger = a_ledger(cpus=6, gpus=3)
    for number, each in enumerate(asked):
        ledger.take(str(number), each)
    for number in range(len(asked)):
        ledger.release(str(number))
    assert ledger.shortage(Resources(cpus=6, gpus=3, memory_bytes=16 * GIB)) is None
