"""The service has done it, but the reply was cut: the client asks again, and is told so."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_builders import Place, answer

from jupyter_mltrain import connection, errors, workspaces
from jupyter_mltrain.spec import Run

pytestmark = pytest.mark.slow


class Cutter:
    """Stands before the service, and swallows as many replies as it is told."""

    def __init__(self, path: Path, service: str) -> None:
        self.swallow = 0
        self._service = service
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return  # closed
            with client:
                request = b""
                while not _is_whole(request):
                    piece = client.recv(65_536)
                    if not piece:
                        break
                    request += piece
                if not request:
                    continue
                head, _, body = request.partition(b"\r\n\r\n")
                status, reply = answer(
                    self._service, head + b"\r\nConnection: close\r\n\r\n" + body
                )
                if self.swallow:
                    self.swallow -= 1
                    continue
                line = f"HTTP/1.1 {status} X\r\nConnection: close\r\n"
                client.sendall(f"{line}Content-Length: {len(reply)}\r\n\r\n".encode() + reply)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


def _is_whole(request: bytes) -> bool:
    head, found, body = request.partition(b"\r\n\r\n")
    if not found:
        return False
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    return True


@pytest.fixture
def cutter(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cutter]:
    place.client.status()
    real = workspaces.endpoint(place.directory)
    assert real is not None
    path = Path(real.socket).with_name("cut.sock")
    cutter = Cutter(path, real.socket)
    between = workspaces.Endpoint(socket=str(path), pid=real.pid, version=real.version)
    place.client.close()
    with monkeypatch.context() as patch:
        patch.setattr(connection.workspaces, "endpoint", lambda directory: between)
        yield cutter
        place.client.close()
    cutter.close()
    path.unlink()


def test_a_submit_whose_reply_was_cut_is_one_run(place: Place, cutter: Cutter) -> None:
    place.client.status()
    cutter.swallow = 2
    run = place.submit("print(1)")
    assert [each.id for each in place.client.iterate()] == [run.id]


def test_a_deletion_whose_reply_was_cut_is_a_deletion(place: Place, cutter: Cutter) -> None:
    run = ended(place)
    name = run.id
    asked = place.client._ask

    def ask(method: str, *given: object, **more: object) -> object:
        cutter.swallow = 1 if method == "DELETE" else 0
        return asked(method, *given, **more)  # type: ignore[arg-type]

    place.client._ask = ask  # type: ignore[method-assign,assignment]
    assert place.client.delete(name).id == name
    with pytest.raises(errors.NoSuchRun):
        place.client.delete(name)


def test_properties_whose_reply_was_cut_are_there(place: Place, cutter: Cutter) -> None:
    run = ended(place)
    cutter.swallow = 1
    assert place.client.add_properties(run.id, {"k": "v"}).properties["k"] == "v"
    with pytest.raises(errors.WrongState, match="properties never change"):
        place.client.add_properties(run.id, {"k": "v"})


def test_a_run_made_again_whose_reply_was_cut_is_made_once(place: Place, cutter: Cutter) -> None:
    run = ended(place)
    cutter.swallow = 2
    second = place.client.again(run.id)
    assert [each.id for each in place.client.iterate()] == [second.id, run.id]


def ended(place: Place) -> Run:
    """A run that has ended; asked for, since a stream does not pass through the cutter."""
    run = place.submit("print(1)")
    until = time.monotonic() + 20
    while not run.state.final:
        assert time.monotonic() < until, f"{run.label} is still {run.state}"
        time.sleep(0.01)
        run = place.client.get(run.id)
    return run
