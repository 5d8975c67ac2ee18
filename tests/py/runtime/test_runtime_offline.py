"""A script outside a run."""

from __future__ import annotations

import pytest

from jupyter_mltrain.runtime import context, errors


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.delenv("MLTRAIN_RUN_DIR", raising=False)
    return context.Run.get_context()


def test_it_prints_what_it_would_log(offline, capsys) -> None:
    assert offline.log("a", 1.5) is None
    offline.tag("k", "v")
    offline.upload_file("n", "p")
    offline.fail()
    assert capsys.readouterr().out == (
        "Attempted to log scalar metric a:\n1.5\n"
        "Attempted to add tag k with value v\n"
        "Attempted to track file n at p\n"
        "Run failed with error code None:\n"
    )


def test_it_is_a_context_manager_with_an_id(offline, capsys) -> None:
    with offline as run:
        assert run.id.startswith("OfflineRun_")
    assert capsys.readouterr().out.startswith(f"[START] Run {run.id} context\n")


@pytest.mark.parametrize("name", ["experiment", "get_metrics", "get_status", "parent"])
def test_it_lacks_what_azures_lacks(offline, name: str) -> None:
    assert not hasattr(offline, name)


def test_going_offline_can_be_refused(offline) -> None:
    with pytest.raises(errors.RunEnvironmentException, match="not part of a run"):
        context.Run.get_context(allow_offline=False)
