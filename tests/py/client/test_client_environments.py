"""Environments, builds and engines over a real socket, also when the service dies in between."""

from __future__ import annotations

import os
import signal
import stat

import pytest
from definition_builders import a_definition, an_image

from jupyter_mltrain import Workspace, wire, workspaces
from jupyter_mltrain.client import Client, LogChunk
from jupyter_mltrain.errors import ComputeTargetError, NoSuchEnvironment
from jupyter_mltrain.spec import Build, BuildState

URL = "unix:///var/run/docker.sock"
EMPTY = a_definition(pip=())
"""A virtual environment with nothing in it, which needs no network."""


@pytest.fixture
def client(workspace: Workspace) -> Client:
    return workspace.client


def built(client: Client) -> tuple[Build, bytes]:
    """Build the empty environment; its record, and its log as it came."""
    begun = client.build(wire.BuildRequest(spec=EMPTY))
    *before, last = client.follow_build(begun.id)
    assert isinstance(last, Build)
    return last, b"".join(each.data for each in before if isinstance(each, LogChunk))


def test_an_environment_is_registered_looked_at_and_deleted(client: Client) -> None:
    assert client.register(EMPTY).spec.version == "1"
    assert client.environment("mine").versions[0].spec.packages == EMPTY.packages
    assert client.environments()[0].name == "mine"
    assert client.delete_environment("mine", "1").versions[0].spec.version == "1"
    with pytest.raises(NoSuchEnvironment):
        client.environment("mine")


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a?b", "\udcff", "ä"])
def test_what_is_no_name_is_no_environment(client: Client, name: str) -> None:
    with pytest.raises(NoSuchEnvironment):
        client.environment(name)
    with pytest.raises(NoSuchEnvironment):
        client.get_build(name)


def test_a_build_is_followed_to_its_end(client: Client) -> None:
    build, log = built(client)
    assert (build.state, build.version) == (BuildState.BUILT, "1")
    assert log.startswith(b"Step 1 of ")
    assert b"".join(client.read_build_log(build.id)) == log


def test_a_log_is_read_and_followed_from_any_byte(client: Client) -> None:
    build, log = built(client)
    assert b"".join(client.read_build_log(build.id, 10)) == log[10:]
    assert b"".join(client.read_build_log(build.id, len(log))) == b""
    chunk, last = client.follow_build(build.id, 10)
    assert isinstance(chunk, LogChunk)
    assert (chunk.offset, chunk.data) == (10, log[10:])
    assert last == build


def test_builds_of_an_environment_are_listed(client: Client) -> None:
    build, _ = built(client)
    assert client.builds() == client.builds("mine") == client.builds("mine:1") == (build,)
    assert client.difference(build.id).nearest is None
    with pytest.raises(NoSuchEnvironment):
        client.builds("other")


def test_a_build_that_has_ended_is_given_as_it_is_when_cancelled(client: Client) -> None:
    build, _ = built(client)
    assert client.cancel_build(build.id) == build


def test_a_deleted_build_is_gone(client: Client) -> None:
    build, _ = built(client)
    assert client.delete_build(build.id) == build
    with pytest.raises(NoSuchEnvironment):
        client.get_build(build.id)
    assert client.environment("mine").versions[0].build is None


def test_reclaiming_deletes_what_it_said(client: Client) -> None:
    build, _ = built(client)
    would = client.reclaim(wire.ReclaimRequest())
    assert [each.id for each in would.builds] == [build.id]
    assert client.get_build(build.id).state is BuildState.BUILT
    took = client.reclaim(wire.ReclaimRequest(dry_run=False))
    assert took.builds == would.builds
    assert client.get_build(build.id).state is BuildState.STALE


def test_a_password_lies_where_only_its_user_reads_it(client: Client) -> None:
    client.keep_credentials("registry.example.com", "me", "planted")
    file = workspaces.home() / "credentials" / "registries.json"
    assert "planted" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.is_relative_to(client.directory)
    client.keep_credentials("registry.example.com", "me", "")
    assert "planted" not in file.read_text()


def test_following_ends_with_the_truth_when_the_service_is_killed(
    client: Client, base_image: str
) -> None:
    slow = an_image(image=None, dockerfile=f"FROM {base_image}\nRUN echo begun && sleep 60\n")
    begun = client.build(wire.BuildRequest(spec=slow))
    seen = b""
    for item in client.follow_build(begun.id):
        if isinstance(item, Build):
            build = item
            continue
        seen += item.data
        if b"begun\n" in seen:
            os.kill(client.status().pid, signal.SIGKILL)
            seen = b""
    assert build.id == begun.id
    assert build.state in (BuildState.CANCELED, BuildState.FAILED)
    assert build.reason


def test_an_engine_is_attached_and_detached(client: Client, base_image: str) -> None:
    request = wire.AttachRequest(name="box", url=URL, cpus=1)
    box = client.attach(request)
    assert client.attach(request) == box
    assert client.computes()[1].url == URL
    assert client.detach("box") == box
    with pytest.raises(ComputeTargetError):
        client.detach("box")
