"""What comes piece by piece, and goes on after a cut: files, one run as it goes, all runs."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar, overload
from urllib.parse import quote, urlencode

import msgspec

from jupyter_mltrain import errors, wire
from jupyter_mltrain.connection import Connector
from jupyter_mltrain.spec import Frozen, Run

T = TypeVar("T")

_Frame = wire.LogFrame | wire.RunFrame | wire.MetricsFrame | wire.BeatFrame
_decode_frame = msgspec.json.Decoder(_Frame).decode

Event = (
    wire.ResetFrame
    | wire.ChangeFrame
    | wire.DeletedFrame
    | wire.QueueFrame
    | wire.EnvironmentsFrame
)
_decode_event = msgspec.json.Decoder(Event | wire.BeatFrame).decode

CUT: Final = (ConnectionError, http.client.HTTPException, BrokenPipeError)
"""How it looks when the service dies while one talks to it."""

TRIES: Final = 5
_READ_BYTES: Final = 262_144


class LogChunk(Frozen, frozen=True, kw_only=True):
    """A piece of one of a run's logs."""

    log: str
    offset: int
    """Where in the log, in bytes, it starts."""
    data: bytes


class Streams:
    """The streams of one workspace's service; each goes on from where it was cut."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._connector = Connector(directory)

    def close(self) -> None:
        """Close idle connections; the client stays usable."""
        self._connector.close()

    @staticmethod
    def _run(name: str | int, rest: str = "") -> str:
        try:
            quoted = quote(str(name), safe="")
        except UnicodeEncodeError:
            quoted = ""
        if not quoted.strip("."):
            raise errors.NoSuchRun.named(str(name))
        return f"/v1/runs/{quoted}{rest}"

    def _keeps_failing(self, error: Exception | None) -> errors.ServiceUnavailable:
        return errors.ServiceUnavailable(
            f"The service of {self.directory} keeps failing ({error!r}). "
            f"{self.directory / 'service.log'} says why; runs go on."
        )

    def read_file(self, name: str | int, file: str, offset: int = 0) -> Iterator[bytes]:
        """The bytes of one of the run's files from an offset, in pieces."""
        return self._read_from(self._run(name, f"/files/{quote(file)}"), offset)

    def _read_from(self, path: str, offset: int) -> Iterator[bytes]:
        failures = 0
        while True:
            try:
                for data in self._read_once(f"{path}?offset={offset}"):
                    offset += len(data)
                    failures = 0
                    yield data
                return
            except CUT as error:
                # Cut in between: go on from where we are, on a new connection.
                failures += 1
                if failures == TRIES:
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

    @overload
    def follow(
        self, name: str | int, logs: Mapping[str, int] = {}, version: int = 0
    ) -> Iterator[Run | LogChunk]: ...

    @overload
    def follow(
        self, name: str | int, logs: Mapping[str, int] = {}, version: int = 0, *, metrics: int
    ) -> Iterator[Run | LogChunk | wire.MetricsFrame]: ...

    def follow(
        self,
        name: str | int,
        logs: Mapping[str, int] = {},
        version: int = 0,
        *,
        metrics: int | None = None,
    ) -> Iterator[Run | LogChunk | wire.MetricsFrame]:
        """The run as it goes: its record at each change, its logs as they grow.

        Ends after the record with a final state, which comes last. A service that dies meanwhile
        is started again, and the stream goes on from the byte where it was cut.

        Parameters
        ----------
        logs
            Name of a file of the run -> offset in bytes to start from.
        version
            Of the record that the caller has; only later ones come.
        metrics
            Offset in the run's journal from which on what it logs comes as well.
        """
        offsets = dict(logs)

        def once() -> Iterator[Run | LogChunk | wire.MetricsFrame | None]:
            return self._follow_once(name, offsets, version, metrics)

        for item in self._resumed(once):
            if isinstance(item, Run):
                version = item.version
                yield item
                if item.state.final:
                    return
            elif isinstance(item, wire.MetricsFrame):
                metrics = item.next_offset
                yield item
            elif item is not None:
                offsets[item.log] = item.offset + len(item.data)
                yield item

    def _resumed(self, once: Callable[[], Iterator[T]]) -> Iterator[T]:
        """What a stream brings that has no end of its own: after a cut, another one goes on."""
        failures = 0
        while True:
            cut: Exception | None = None
            try:
                for item in once():
                    failures = 0
                    yield item
            except CUT as error:
                cut = error
            failures += 1
            if failures > TRIES:
                raise self._keeps_failing(cut)
            time.sleep(0.05 * (failures - 1))

    def _follow_once(
        self, name: str | int, offsets: Mapping[str, int], version: int, metrics: int | None
    ) -> Iterator[Run | LogChunk | wire.MetricsFrame | None]:
        pairs = [("log", f"{log}:{offset}") for log, offset in offsets.items()]
        pairs += [("version", str(version))]
        pairs += [] if metrics is None else [("metrics", str(metrics))]
        query = urlencode(pairs)
        with self._stream(self._run(name, f"/follow?{query}")) as response:
            for line in lines(response):
                frame = _decode_frame(line)
                if isinstance(frame, wire.LogFrame):
                    yield self._chunk(frame, response)
                elif isinstance(frame, wire.MetricsFrame):
                    yield frame
                else:
                    yield frame.run if isinstance(frame, wire.RunFrame) else None

    @staticmethod
    def _chunk(frame: wire.LogFrame, response: http.client.HTTPResponse) -> LogChunk:
        """The bytes that come right after their frame."""
        data = response.read(frame.size_bytes)
        if len(data) < frame.size_bytes:
            raise ConnectionResetError("cut within a frame")
        return LogChunk(log=frame.log, offset=frame.offset, data=data)

    def events(self, since: str | None = None) -> Iterator[Event]:
        """Every change of any run, of the queue and of environments, for as long as one reads.

        A service that dies meanwhile is started again, and the stream goes on from the cursor
        that was reached.

        Parameters
        ----------
        since
            A cursor of an earlier frame. Without one, or with one that is too old, the first
            frame is a `ResetFrame`.
        """

        def once() -> Iterator[Event | wire.BeatFrame]:
            query = "" if since is None else f"?{urlencode({'since': since})}"
            with self._stream(f"/v1/events{query}") as response:
                yield from map(_decode_event, lines(response))

        for frame in self._resumed(once):
            if isinstance(frame, wire.BeatFrame):
                continue
            if not isinstance(frame, wire.QueueFrame | wire.EnvironmentsFrame):
                since = frame.cursor
            yield frame

    @contextmanager
    def _stream(self, path: str) -> Iterator[http.client.HTTPResponse]:
        with self._connector.connected() as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            if response.status >= 400:
                raise wire.decode_error(response.read(), response.status)
            yield response


def lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The lines of a stream; raises as a cut does when the last one is not whole."""
    while line := response.readline():
        if not line.endswith(b"\n"):
            raise ConnectionResetError("cut within a frame")
        yield line
