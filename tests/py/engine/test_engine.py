"""The way to an engine: by socket, by ssh, and what is said where there is none."""

from __future__ import annotations

import errno
import socket
import stat
from pathlib import Path

import pytest
from engines import the_engine
from loops import in_loop
from waiting import wait_until_gone

from jupyter_mltrain.engine import Engine, whereabouts
from jupyter_mltrain.engine.problems import in_our_words
from jupyter_mltrain.engine.tunnel import Tunnel
from jupyter_mltrain.errors import ComputeTargetError, ComputeUnavailable, DiskFull, EnvironmentGone


def why_not(url: str) -> str:
    """What is said when this engine is asked for."""
    with the_engine(url) as engine, pytest.raises(ComputeUnavailable) as caught:
        engine.connected()
    return caught.value.message


def refused(explanation: str) -> Exception:
    import docker.errors

    return docker.errors.APIError("500 Server Error", explanation=explanation)


@in_loop
async def test_an_engine_answers(engine: Engine) -> None:
    assert await engine.call(lambda client: client.ping())


def test_what_an_engine_says_about_itself_is_asked_once(engine: Engine) -> None:
    assert engine.info() is engine.info()


def test_an_engine_that_does_not_run_is_a_sentence_with_both_ways_on(tmp_path: Path) -> None:
    said = why_not(f"unix://{tmp_path}/docker.sock")
    assert "does not run. Start it: sudo systemctl start docker." in said
    assert said.endswith(
        "Without an image the run is a process of this machine and needs no engine."
    )


def test_a_socket_nobody_listens_on_is_an_engine_that_does_not_run(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "docker.sock"))
    assert "does not run" in why_not(f"unix://{tmp_path}/docker.sock")


def test_a_socket_one_may_not_use_names_the_group() -> None:
    error = OSError(errno.EACCES, "Permission denied")
    said = in_our_words(ConnectionError("aborted", error), None).message
    assert "Join the group docker: sudo usermod -aG docker" in said


def test_an_engine_of_another_machine_is_started_there() -> None:
    assert why_not("tcp://127.0.0.1:1") == (
        "The Docker Engine at tcp://127.0.0.1:1 does not answer. Start it on that machine."
    )


@pytest.mark.parametrize(
    ("explanation", "kind", "words"),
    [
        ("mkdir x: no space left on device", DiskFull, "docker system prune"),
        ('could not select device driver "" with capabilities: [[gpu]]', ComputeTargetError, "GPU"),
        ("invalid mount config", ComputeTargetError, "refuses: invalid mount config."),
    ],
)
def test_what_an_engine_refuses_is_said_in_our_words(
    explanation: str, kind: type[ComputeTargetError], words: str
) -> None:
    error = in_our_words(refused(explanation), None)
    assert isinstance(error, kind)
    assert words in error.message


def test_an_error_of_ours_stays_as_it_is() -> None:
    error = EnvironmentGone("The image is gone.")
    assert in_our_words(error, None) is error


def test_the_variable_of_the_docker_command_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://somewhere")
    assert whereabouts.settings(None) == {"base_url": "ssh://somewhere"}


def test_the_engine_of_a_user_without_root_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(whereabouts, "_USUAL", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman/podman.sock").touch()
    assert whereabouts.settings(None) == {"base_url": f"unix://{tmp_path}/podman/podman.sock"}


@in_loop
async def test_an_engine_is_reached_over_ssh(engine: Engine, ssh_engine: str) -> None:
    with the_engine(ssh_engine) as there:
        found = await there.call(lambda client: client.info()["ID"])
        assert found == await engine.call(lambda client: client.info()["ID"])


def test_a_cut_ssh_connection_is_made_again(ssh_engine: str) -> None:
    with the_engine(ssh_engine) as there:
        there.connected()
        assert there._tunnel is not None
        there._tunnel.close()
        assert there.connected().ping()


def test_ssh_ends_with_whoever_opened_it(ssh_engine: str) -> None:
    tunnel = Tunnel(ssh_engine)
    assert tunnel._process.stdin is not None
    tunnel._process.stdin.close()  # as the kernel does it for a process that was killed
    wait_until_gone(tunnel._process.pid)
    tunnel.close()


def test_nobody_else_may_use_the_near_end_of_a_tunnel(ssh_engine: str) -> None:
    tunnel = Tunnel(ssh_engine)
    try:
        assert stat.S_IMODE(tunnel.socket.parent.stat().st_mode) == 0o700
    finally:
        tunnel.close()


def test_a_machine_that_ssh_does_not_reach_is_said_with_what_ssh_says() -> None:
    said = why_not("ssh://127.0.0.1:1")
    assert "127.0.0.1 cannot be reached by ssh: connect to host 127.0.0.1 port 1" in said
    assert "Try `ssh -p 1 127.0.0.1` in a terminal" in said


def test_a_url_without_a_machine_says_how_to_write_one() -> None:
    assert why_not("ssh://") == "ssh:// names no machine. Write it as ssh://user@host."


def test_a_problem_with_a_file_of_ours_is_not_blamed_on_the_engine(
    engine: Engine, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        engine.do(lambda client: (tmp_path / "none").read_bytes())
    with pytest.raises(OSError, match="No space left"):
        engine.do(lambda client: _full())


def _full() -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
