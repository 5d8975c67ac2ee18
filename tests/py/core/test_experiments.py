"""An experiment as its holder sees it, and the ways to find runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from services import end_service

from jupyter_mltrain import Experiment, Run, Workspace
from jupyter_mltrain.core.run import ScriptRun
from jupyter_mltrain.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace.at(tmp_path_factory.mktemp("experiments") / "workspace")
    yield workspace
    end_service(workspace)


@pytest.fixture(scope="module")
def runs(workspace: Workspace) -> list[Run]:
    """Three runs of one experiment, the first one oldest; the last has failed."""
    experiment = Experiment(workspace, "first")
    made = [experiment.start_logging(snapshot_directory=None, tags={"n": str(n)}) for n in range(3)]
    made[0].child_run().complete()
    made[0].complete()
    made[1].add_properties({"origin": "here"})
    made[1].complete()
    made[2].fail()
    return made


def test_runs_come_newest_first_and_without_children(workspace: Workspace, runs: list[Run]) -> None:
    assert list(Experiment(workspace, "first").get_runs()) == runs[::-1]
    assert len(list(Experiment(workspace, "first").get_runs(include_children=True))) == 4


def test_runs_are_found_by_tags_properties_type_and_status(
    workspace: Workspace, runs: list[Run]
) -> None:
    experiment = Experiment(workspace, "first")
    assert list(experiment.get_runs(tags="n")) == runs[::-1]
    assert list(experiment.get_runs(tags={"n": "1"})) == [runs[1]]
    assert list(experiment.get_runs(properties="origin")) == [runs[1]]
    assert list(experiment.get_runs(properties={"origin": "there"})) == []
    assert list(experiment.get_runs(type="azureml.scriptrun")) == []
    assert list(Run.list(experiment, status="failed")) == [runs[2]]
    with pytest.raises(UserError, match="No status 'Done'"):
        Run.list(experiment, status="Done")


def test_runs_are_found_by_their_compute_target(workspace: Workspace, runs: list[Run]) -> None:
    target = workspace.compute_targets["local"]
    assert set(runs) <= set(Run.list_by_compute(target))
    assert list(Run.list_by_compute(target, tags={"n": "0"})) == [runs[0]]


def test_experiments_are_listed_by_name(workspace: Workspace, runs: list[Run]) -> None:
    with Experiment(workspace, "another").start_logging(snapshot_directory=None):
        assert [each.name for each in Experiment.list(workspace)] == ["another", "first"]
        assert Experiment.list(workspace, "first") == [Experiment(workspace, "first")]
        assert Experiment.list(workspace, "none") == []
        assert Experiment.list(workspace, view_type="ArchivedOnly") == []


def test_an_experiment_with_runs_is_not_deleted(workspace: Workspace, runs: list[Run]) -> None:
    with pytest.raises(UserError, match="has 3 runs, which go with it"):
        Experiment.delete(workspace, "first")
    Experiment.delete(workspace, "never")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda each: each.archive(), "not archived here"),
        (lambda each: each.reactivate("other"), "keeps its name"),
        (lambda each: each.tag("a", "b"), "Tag the runs"),
        (lambda each: each.set_tags({"a": "b"}), "Tag the runs"),
    ],
)
def test_what_only_azure_has_says_what_to_do_instead(workspace, call, said) -> None:
    with pytest.raises(UserError, match=said):
        call(Experiment(workspace, "first"))


def test_what_needs_nothing_done_does_nothing(workspace: Workspace) -> None:
    experiment = Experiment(workspace, "first")
    experiment.reactivate()
    experiment.refresh()
    experiment.remove_tags(["a"])
    assert (experiment.tags, experiment.archived_time) == ({}, None)
    assert experiment.id == experiment.identity == "first"
    assert experiment.workspace_object is workspace


def test_in_a_notebook_it_is_a_table_of_one_row(workspace: Workspace) -> None:
    shown = Experiment(workspace, "first")._repr_html_()
    heads = ["Name", "Workspace", "Report Page", "Docs Page"]
    assert re.findall("<th>(.*?)</th>", shown) == heads
    assert shown.count("<tr>") == 2


def test_a_type_can_have_a_class_of_its_own(
    workspace: Workspace, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Special(ScriptRun):
        pass

    def made(experiment: Experiment, details: dict[str, object]) -> Run:
        return Special(experiment, str(details["runId"]))

    monkeypatch.setattr("jupyter_mltrain.core.run._factories", {})
    Run.add_type_provider("", made)
    assert type(Run.get(workspace, runs[0].id)) is Special
