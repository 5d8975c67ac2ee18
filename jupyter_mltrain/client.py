"""The service's verbs over its socket: what the SDK, the magics and the CLI stand on."""

from __future__ import annotations

import http.client
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from jupyter_mltrain import errors, units, wire
from jupyter_mltrain.connection import Connector
from jupyter_mltrain.spec import ComputeStatus, Frozen, Run, RunFile, StateChange

T = TypeVar("T")

_Frame = wire.LogFrame | wire.RunFrame | wire.BeatFrame
_decode_frame = msgspec.json.Decoder(_Frame).decode

_CUT: Final = (ConnectionError, http.client.HTTPException, BrokenPipeError)
"""How it looks when the service dies while one talks to it."""

_TRIES: Final = 5
_READ_BYTES: Final = 262_144
_MAX_BODY_BYTES: Final = 64_000_000
"""What the service takes; beyond, it hangs up, which would look as if it had died."""


class LogChunk(Frozen, frozen=True, kw_only=True):
    """A piece of one of a run's logs."""

    log: str
    offset: int
    """Where in the log, in bytes, it starts."""
    data: bytes


def _encoded(body: object) -> bytes:
    try:
        data = wire.encode(body)
    except UnicodeEncodeError as error:
        raise errors.InvalidSpec(
            f"{error.object!r} cannot be sent: it is not text in UTF-8. Use other characters."
        ) from None
    if len(data) > _MAX_BODY_BYTES:
        raise errors.InvalidSpec(
            f"The request has {units.size(len(data))}; {units.size(_MAX_BODY_BYTES)} are the "
            "most. Put data into files of the source folder."
        )
    return data


class Client:
    """One workspace's service, started when needed and found again when it dies. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._connector = Connector(directory)

    def close(self) -> None:
        """Close idle connections; the client stays usable."""
        self._connector.close()

    # Requests

    def _ask(
        self,
        method: str,
        path: str,
        type_: type[T],
        body: object = None,
        done: Callable[[errors.MltrainError], T | None] = lambda error: None,
    ) -> T:
        """One request, again after a cut: every request may safely come twice.

        Parameters
        ----------
        done
            For requests that are refused the second time: the answer, when an error after a cut
            shows that the first one was heard.
        """
        data = None if body is None else _encoded(body)
        for attempt in range(_TRIES):
            try:
                with self._connector.connected() as connection:
                    connection.request(method, path, data)
                    response = connection.getresponse()
                    content = response.read()
            except _CUT as error:
                if attempt == _TRIES - 1:
                    raise self._keeps_failing(error) from error
                time.sleep(0.05 * attempt)
                continue
            if response.status < 400:
                return wire.decode_reply(content, type_)
            refusal = wire.decode_error(content, response.status)
            answer = done(refusal) if attempt else None
            if answer is None:
                raise refusal
            return answer
        raise AssertionError("unreachable")

    @staticmethod
    def _run(name: str | int, rest: str = "") -> str:
        try:
            quoted = quote(str(name), safe="")
        except UnicodeEncodeError:
            quoted = ""
        if not quoted.strip("."):
            raise errors.NoSuchRun.named(str(name))
        return f"/v1/runs/{quoted}{rest}"

    def submit(self, request: wire.SubmitRequest) -> Run:
        """Submit a run; it is on disk when this returns. Safe against a cut in between.

        Raises
        ------
        MltrainError
            The request cannot be met; nothing was changed.
        """
        if request.request_id is None:
            request = msgspec.structs.replace(request, request_id=os.urandom(8).hex())
        return self._ask("POST", "/v1/runs", Run, request)

    def get(self, name: str | int) -> Run:
        """The run with this id, number, start of an id, or name."""
        return self._ask("GET", self._run(name), Run)

    def list(self, **filters: Any) -> wire.RunPage:
        """One page of runs, newest first.

        Parameters
        ----------
        filters
            `limit`, `before` (number), `experiment`, `compute`, `parent`, `text`, `children`
            ("1" to include them), `state` and `tag` (one or several; ``key`` or ``key=value``).
        """
        query = {name: value for name, value in filters.items() if value not in (None, ())}
        path = f"/v1/runs?{urlencode(query, doseq=True)}"
        return self._ask("GET", path, wire.RunPage)

    def iterate(self, **filters: Any) -> Iterator[Run]:
        """Every run that `list` would give, page by page."""
        before = None
        while True:
            page = self.list(before=before, **filters)
            yield from page.runs
            before = page.next_before
            if before is None:
                return

    def history(self, name: str | int) -> tuple[StateChange, ...]:
        """Every state of the run with its reason, in order."""
        return self._ask("GET", self._run(name, "/history"), tuple[StateChange, ...])

    def metrics(self, name: str | int, metric: str | None = None) -> dict[str, Any]:
        """What the run has logged, in the shapes of Azure's `get_metrics`."""
        query = "" if metric is None else f"?{urlencode({'name': metric})}"
        return self._ask("GET", self._run(name, f"/metrics{query}"), dict[str, Any])

    def cancel(self, name: str | int) -> Run:
        """Ask the run to end; does not wait for it."""
        return self._ask("POST", self._run(name, "/cancel"), Run)

    def tag(
        self, name: str | int, add: Mapping[str, str | None] = {}, remove: Iterable[str] = ()
    ) -> Run:
        """Set and remove tags."""
        request = wire.TagRequest(set=add, remove=tuple(remove))
        return self._ask("POST", self._run(name, "/tags"), Run, request)

    def add_properties(self, name: str | int, add: Mapping[str, str]) -> Run:
        """Add properties; one that is there already is refused."""
        request = wire.PropertyRequest(add=add)

        def done(refusal: errors.MltrainError) -> Run | None:
            run = self.get(name)
            return run if add.items() <= run.properties.items() else None

        return self._ask("POST", self._run(name, "/properties"), Run, request, done)

    def reprioritize(self, name: str | int, priority: int) -> Run:
        """Move a waiting run in the queue."""
        request = wire.PriorityRequest(priority=priority)
        return self._ask("POST", self._run(name, "/priority"), Run, request)

    def delete(self, name: str | int) -> Run:
        """Delete an ended run with everything it kept. There is no way back."""
        run = self.get(name)

        def done(refusal: errors.MltrainError) -> Run | None:
            return run if isinstance(refusal, errors.NoSuchRun) else None

        return self._ask("DELETE", self._run(run.id), Run, None, done)

    def files(self, name: str | int) -> tuple[RunFile, ...]:
        """The run's files by name, also while it runs."""
        return self._ask("GET", self._run(name, "/files"), wire.FilePage).files

    def status(self) -> wire.ServiceStatus:
        """The service itself."""
        return self._ask("GET", "/v1/status", wire.ServiceStatus)

    def computes(self) -> tuple[ComputeStatus, ...]:
        """Every compute target with who holds what."""
        return self._ask("GET", "/v1/computes", tuple[ComputeStatus, ...])

    def queue(self) -> tuple[wire.QueueEntry, ...]:
        """The waiting runs, in the order they will start."""
        return self._ask("GET", "/v1/queue", tuple[wire.QueueEntry, ...])

    def experiments(self) -> dict[str, int]:
        """Name -> number of runs."""
        return self._ask("GET", "/v1/experiments", dict[str, int])

    def gc(self, request: wire.GcRequest) -> wire.GcReport:
        """What a clean-up takes, or would take."""
        return self._ask("POST", "/v1/gc", wire.GcReport, request)

    def shutdown(self) -> None:
        """End the service; runs go on, and the next request starts it again."""
        self._ask("POST", "/v1/shutdown", dict[str, Any])
        self.close()

    # Streams

    def read_file(self, name: str | int, file: str, offset: int = 0) -> Iterator[bytes]:
        """The bytes of one of the run's files from an offset, in pieces."""
        path = self._run(name, f"/files/{quote(file)}")
        failures = 0
        while True:
            try:
                for data in self._read_once(f"{path}?offset={offset}"):
                    offset += len(data)
                    failures = 0
                    yield data
                return
            except _CUT as error:
                # Cut in between: go on from where we are, on a new connection.
                failures += 1
                if failures == _TRIES:
                    raise self._keeps_failing(error) from error
                time.sleep(0.05 * (failures - 1))

    def _read_once(self, path: str) -> Iterator[bytes]:
        with self._connector.connected() as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            if response.status >= 400:
                raise wire.decode_error(response.read(), response.status)
            left = response.length or 0
            while left:
                data = response.read(min(left, _READ_BYTES))
                if not data:
                    raise ConnectionResetError("cut within a file")
                left -= len(data)
                yield data

    def _keeps_failing(self, error: Exception | None) -> errors.ServiceUnavailable:
        return errors.ServiceUnavailable(
            f"The service of {self.directory} keeps failing ({error!r}). "
            f"{self.directory / 'service.log'} says why; runs go on."
        )

    def follow(
        self, name: str | int, logs: Mapping[str, int] = {}, version: int = 0
    ) -> Iterator[Run | LogChunk]:
        """The run as it goes: its record at each change, its logs as they grow.

        Ends after the record with a final state, which comes last. A service that dies meanwhile
        is started again, and the stream goes on from the byte where it was cut.

        Parameters
        ----------
        logs
            Name of a file of the run -> offset in bytes to start from.
        version
            Of the record that the caller has; only later ones come.
        """
        offsets = dict(logs)
        failures = 0
        while True:
            try:
                for item in self._follow_once(name, offsets, version):
                    failures = 0
                    if isinstance(item, Run):
                        version = item.version
                        yield item
                        if item.state.final:
                            return
                    elif item is not None:
                        offsets[item.log] = item.offset + len(item.data)
                        yield item
            except _CUT as error:
                cut: Exception | None = error
            else:
                cut = None
            failures += 1
            if failures > _TRIES:
                raise self._keeps_failing(cut)
            time.sleep(0.05 * (failures - 1))

    def _follow_once(
        self, name: str | int, offsets: Mapping[str, int], version: int
    ) -> Iterator[Run | LogChunk | None]:
        pairs = [("log", f"{log}:{offset}") for log, offset in offsets.items()]
        query = urlencode([*pairs, ("version", str(version))])
        with self._connector.connected() as connection:
            connection.request("GET", self._run(name, f"/follow?{query}"))
            response = connection.getresponse()
            if response.status >= 400:
                raise wire.decode_error(response.read(), response.status)
            while line := response.readline():
                if not line.endswith(b"\n"):
                    raise ConnectionResetError("cut within a frame")
                frame = _decode_frame(line)
                if isinstance(frame, wire.LogFrame):
                    data = response.read(frame.size_bytes)
                    if len(data) < frame.size_bytes:
                        raise ConnectionResetError("cut within a frame")
                    yield LogChunk(log=frame.log, offset=frame.offset, data=data)
                else:
                    yield frame.run if isinstance(frame, wire.RunFrame) else None
