"""What a run says about itself, as it says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from loops import in_loop
from service_rig import Rig

from jupyter_mltrain.errors import InvalidSpec, WrongState
from jupyter_mltrain.spec import RunKind, RunState
from jupyter_mltrain.wire import PropertyRequest, TagRequest


@in_loop
async def test_a_tag_is_seen_while_the_run_goes_on(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "tag", "n": "best", "v": "0.9"}, {"k": "tag", "n": "plain", "v": None})
        seen = await rig.once(lambda: bool(rig.verbs.get(run.id).tags), run)
        assert seen.tags == {"best": "0.9", "plain": None}
        await rig.exit(run)


@in_loop
async def test_what_is_said_last_before_the_end_is_taken_in(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "tag", "n": "best", "v": "0.9"})
        assert (await rig.exit(run)).tags == {"best": "0.9"}


@in_loop
async def test_a_tag_can_be_changed_and_taken_away(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(
            run,
            {"k": "tag", "n": "a", "v": "1"},
            {"k": "tag", "n": "b", "v": "1"},
            {"k": "tag", "n": "a", "v": "2"},
            {"k": "untag", "n": "b"},
        )
        assert (await rig.exit(run)).tags == {"a": "2"}


@in_loop
async def test_tags_given_at_submit_stay_beside_those_of_the_script(rig: Rig) -> None:
    async with rig:
        run = await rig.running(tags={"given": "yes"}, properties={"p": "1"})
        rig.says(run, {"k": "tag", "n": "said", "v": "yes"})
        ended = await rig.exit(run)
        assert ended.tags == {"given": "yes", "said": "yes"}
        assert ended.properties == {"p": "1"}


@in_loop
async def test_fifty_tags_are_the_most(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, *({"k": "tag", "n": f"t{number}", "v": "x"} for number in range(60)))
        ended = await rig.exit(run)
        assert len(ended.tags) == 50
        with pytest.raises(InvalidSpec, match="would have 51 tags; 50 is the most"):
            await rig.verbs.tag(run.id, TagRequest(set={"one more": None}))


@in_loop
async def test_a_script_names_and_describes_its_run(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(
            run,
            {"k": "about", "n": "name", "v": "two\nlines"},
            {"k": "about", "n": "name", "v": "lr 0.1"},
            {"k": "about", "n": "description", "v": "the best so far"},
        )
        ended = await rig.exit(run)
        assert (ended.spec.name, ended.description) == ("lr 0.1", "the best so far")


@in_loop
async def test_a_property_once_said_never_changes(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(
            run,
            {"k": "property", "n": "data", "v": "v1"},
            {"k": "property", "n": "data", "v": "v2"},
        )
        assert (await rig.exit(run)).properties == {"data": "v1"}
        with pytest.raises(WrongState, match="has the property 'data' already"):
            await rig.verbs.add_properties(run.id, PropertyRequest(add={"data": "v3"}))


@in_loop
async def test_metrics_are_read_from_the_journal(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(
            run, {"k": "metric", "n": "loss", "v": 0.5}, {"k": "metric", "n": "loss", "v": 0.4}
        )
        assert await rig.browser.metrics(run.id) == b'{"loss":[0.5,0.4]}'
        await rig.exit(run)


@in_loop
async def test_a_run_that_says_it_failed_is_failed_though_it_exits_with_zero(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "end", "id": run.id, "state": "Failed", "reason": "diverged"})
        ended = await rig.exit(run, 0)
        assert (ended.state, ended.reason) == (RunState.FAILED, "diverged")


@in_loop
async def test_a_run_that_says_it_completed_is_failed_when_it_crashes(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "end", "id": run.id, "state": "Completed", "reason": ""})
        assert (await rig.exit(run, 1)).state is RunState.FAILED


@in_loop
async def test_the_first_ending_that_a_run_says_counts(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(
            run,
            {"k": "end", "id": run.id, "state": "Failed", "reason": "rank 1 diverged"},
            {"k": "end", "id": run.id, "state": "Completed", "reason": ""},
        )
        assert (await rig.exit(run)).reason == "rank 1 diverged"


# Children


@in_loop
async def test_a_child_is_a_run_below_its_parent_that_holds_nothing(rig: Rig) -> None:
    async with rig:
        run = await rig.running(tags={"given": "yes"})
        rig.says(run, {"k": "child", "id": "c1", "name": "fold 1", "parent": run.id})
        await rig.once(lambda: rig.store.has("c1"), run)
        child = rig.verbs.get("c1")
        assert (child.parent_id, child.state, child.spec.kind) == (
            run.id,
            RunState.RUNNING,
            RunKind.CHILD,
        )
        assert (child.number, child.label, child.nodes, child.tags) == (2, "fold 1 #2", (), {})
        assert rig.verbs.list().runs == (rig.verbs.get(run.id),)
        assert rig.verbs.list(parent_id=run.id).runs == (child,)
        await rig.exit(run)


@in_loop
async def test_a_child_keeps_what_it_said_of_itself(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": None, "parent": run.id})
        rig.says(
            run,
            {"k": "metric", "n": "loss", "v": 0.5},
            {"k": "tag", "n": "fold", "v": "1"},
            {"k": "property", "n": "p", "v": "1"},
            child="c1",
        )
        rig.says(run, {"k": "end", "id": "c1", "state": "Completed", "reason": "done"})
        await rig.exit(run)
        child = rig.verbs.get("c1")
        assert (child.state, child.reason) == (RunState.COMPLETED, "done")
        assert (child.tags, child.properties) == ({"fold": "1"}, {"p": "1"})
        assert await rig.browser.metrics("c1") == b'{"loss":0.5}'


@in_loop
async def test_children_left_open_end_as_their_parent_does_innermost_first(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(
            run,
            {"k": "child", "id": "c1", "name": None, "parent": run.id},
            {"k": "child", "id": "c2", "name": None, "parent": "c1"},
        )
        ended = await rig.exit(run, 1)
        children = [rig.verbs.get(name) for name in ("c1", "c2")]
        assert [child.state for child in children] == [RunState.FAILED, RunState.FAILED]
        assert [child.reason for child in children] == ["ended with its parent run"] * 2
        assert [child.ended_at for child in children] == [ended.ended_at] * 2


@in_loop
async def test_children_end_also_when_their_parent_is_lost(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": None, "parent": run.id})
        await rig.once(lambda: rig.store.has("c1"), run)
        rig.compute.lose(run.id)
        await rig.ended(run)
        assert rig.verbs.get("c1").state is RunState.FAILED


@in_loop
async def test_a_child_cannot_be_cancelled_without_its_parent(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": "fold 1", "parent": run.id})
        await rig.once(lambda: rig.store.has("c1"), run)
        with pytest.raises(WrongState, match="fold 1 #2 runs within digits #1 and ends with it"):
            await rig.verbs.cancel("c1")
        assert list(rig.supervisor.roster.active) == [run.id]
        await rig.exit(run)


@in_loop
async def test_children_are_deleted_with_their_parent(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": None, "parent": run.id})
        await rig.exit(run)
        await rig.verbs.delete(run.id)
        assert rig.verbs.list(include_children=True).runs == ()


# What a script may write by itself


@pytest.mark.parametrize(
    "record",
    [
        {"k": "tag"},
        {"k": "tag", "n": ["a"], "v": {"b": 1}},
        {"k": "child", "id": "c1"},
        {"k": "child", "id": "c1", "name": None, "parent": "nobody"},
        {"k": "end", "id": "nobody", "state": "Completed"},
        {"k": "end", "state": "Failed"},
        {"k": "end", "id": "x", "state": "Exploded"},
        {"k": "property", "n": "p"},
        {"k": "new kind", "n": "p"},
        {"n": "no kind"},
        {"k": "tag", "n": "\ud800", "v": "\udcff"},
        {"k": "property", "n": "\ud800", "v": "x"},
        {"k": "child", "id": "c1", "name": "\ud800", "parent": "nobody", "t": 1e300},
        {"k": "end", "id": "nobody", "state": "Failed", "reason": "\ud800", "t": float("inf")},
    ],
)
@in_loop
async def test_a_bad_record_costs_itself_alone(rig: Rig, record: dict[str, object]) -> None:
    async with rig:
        run = await rig.running()
        rig.says(run, record, {"k": "tag", "n": "after", "v": "yes"})
        ended = await rig.exit(run)
        assert ended.state is RunState.COMPLETED
        assert ended.tags["after"] == "yes"


@pytest.mark.parametrize(
    "data",
    [
        *(b"\0\xff\n", b"[]\n", b"null\n", b'{"k":"tag"', b"\n\n"),
        b'{"k":"ask","args":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    ],
    ids=range(6),
)
@in_loop
async def test_bytes_that_are_no_record_are_passed_over(rig: Rig, data: bytes) -> None:
    async with rig:
        run = await rig.running()
        with open(rig.run_dir(run) / "journal.jsonl", "ab") as file:
            file.write(data)
        assert (await rig.exit(run)).state is RunState.COMPLETED


@in_loop
async def test_a_child_id_that_leads_elsewhere_is_no_path(rig: Rig, tmp_path: Path) -> None:
    secret = tmp_path / "journal.jsonl"
    secret.write_text('{"k":"tag","n":"secret","v":"x","t":0}\n')
    async with rig:
        run = await rig.running()
        outside = "../" * 4
        rig.says(
            run,
            {"k": "child", "id": outside, "name": None, "parent": run.id},
            {"k": "end", "id": outside, "state": "Completed", "reason": "x"},
        )
        assert (await rig.exit(run)).state is RunState.COMPLETED
        assert not rig.store.has(outside)


@in_loop
async def test_a_child_with_the_id_of_a_run_that_is_there_changes_nothing_of_it(rig: Rig) -> None:
    async with rig:
        other = await rig.exit(await rig.running())
        running = await rig.running()
        run = await rig.running()
        for each in (other.id, running.id, run.id):
            rig.says(
                run,
                {"k": "child", "id": each, "name": None, "parent": run.id},
                {"k": "tag", "n": each, "v": None},
            )
        rig.says(run, {"k": "end", "id": running.id, "state": "Failed", "reason": "x"})
        ended = await rig.exit(run)
        assert ended.state is RunState.COMPLETED
        assert len(ended.tags) == 3
        assert rig.verbs.get(other.id) == other
        assert (await rig.exit(running)).state is RunState.COMPLETED


@in_loop
async def test_a_child_of_another_run_is_not_taken_in(rig: Rig) -> None:
    async with rig:
        other, run = await rig.running(), await rig.running()
        rig.says(run, {"k": "child", "id": "c1", "name": None, "parent": other.id})
        await rig.exit(run)
        assert not rig.store.has("c1")
        await rig.exit(other)


@in_loop
async def test_a_journal_that_the_script_deletes_costs_only_itself(rig: Rig) -> None:
    async with rig:
        run = await rig.running()
        (rig.run_dir(run) / "journal.jsonl").unlink()
        assert (await rig.exit(run)).state is RunState.COMPLETED
