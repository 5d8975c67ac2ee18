"""Environments, what they are built into, and the passwords of registries."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from urllib.parse import quote, urlencode

import msgspec

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client.requests import Requests
from jupyter_mltrain.client.streams import LogChunk, lines
from jupyter_mltrain.spec import Build, EnvironmentSpec, EnvironmentVersion

_decode_frame = msgspec.json.Decoder(wire.LogFrame | wire.BuildFrame | wire.BeatFrame).decode


class EnvironmentVerbs(Requests):
    """What can be asked about environments and their builds.

    `name` is an environment's; a build is named by its id, which a run's record and every
    environment give.
    """

    def environments(self) -> tuple[wire.EnvironmentSummary, ...]:
        """Every environment, those that ship with the product last."""
        return self._ask("GET", "/v1/environments", tuple[wire.EnvironmentSummary, ...])

    def environment(self, name: str, version: str | None = None) -> wire.EnvironmentDetails:
        """One environment with its versions, the latest first; or with that version alone.

        Raises
        ------
        NoSuchEnvironment
            There is none of that name or version; the sentence names what is near.
        """
        return self._ask("GET", _environment(name, version), wire.EnvironmentDetails)

    def register(self, spec: EnvironmentSpec) -> EnvironmentVersion:
        """Keep a definition under its name; the same as the latest is that version.

        Raises
        ------
        InvalidSpec
            The name cannot be one or is reserved, or the definition contradicts itself.
        """
        request = wire.EnvironmentRequest(spec=spec)
        return self._ask("POST", "/v1/environments", EnvironmentVersion, request)

    def delete_environment(self, name: str, version: str | None = None) -> wire.EnvironmentDetails:
        """Forget one version, or all; runs keep what they ran in. Gives what was deleted."""
        before = self.environment(name, version)

        def done(refusal: errors.MltrainError) -> wire.EnvironmentDetails | None:
            return before if isinstance(refusal, errors.NoSuchEnvironment) else None

        return self._ask("DELETE", _environment(name, version), wire.EnvironmentDetails, None, done)

    def reclaim(self, request: wire.ReclaimRequest) -> wire.ReclaimReport:
        """What deleting the builds that nothing needs takes, or would take."""
        return self._ask("POST", "/v1/environments/reclaim", wire.ReclaimReport, request)

    def build(self, request: wire.BuildRequest) -> Build:
        """Begin to make an environment ready, or join those who do; does not wait."""
        return self._ask("POST", "/v1/builds", Build, request)

    def builds(self, environment: str | None = None) -> tuple[Build, ...]:
        """Builds, newest first: all, or those of ``NAME`` or ``NAME:VERSION``."""
        query = "" if environment is None else f"?{urlencode({'environment': environment})}"
        return self._ask("GET", f"/v1/builds{query}", tuple[Build, ...])

    def get_build(self, build_id: str) -> Build:
        """The build with this id."""
        return self._ask("GET", _build(build_id), Build)

    def cancel_build(self, build_id: str) -> Build:
        """Ask a build to end; does not wait for it."""
        return self._ask("POST", _build(build_id, "/cancel"), Build)

    def delete_build(self, build_id: str) -> Build:
        """Delete what was built, with its log. The next run that needs it builds it again."""
        before = self.get_build(build_id)

        def done(refusal: errors.MltrainError) -> Build | None:
            return before if isinstance(refusal, errors.NoSuchEnvironment) else None

        return self._ask("DELETE", _build(build_id), Build, None, done)

    def read_build_log(self, build_id: str, offset: int = 0) -> Iterator[bytes]:
        """The bytes of a build's log as it is now, in pieces."""
        return self._read_from(_build(build_id, "/log"), offset)

    def follow_build(self, build_id: str, offset: int = 0) -> Iterator[Build | LogChunk]:
        """The build as it goes: its record at each change, its log as it grows.

        Ends after the record with a final state, which comes last. A service that dies meanwhile
        is started again, and the stream goes on from the byte where it was cut.

        Parameters
        ----------
        offset
            In the log, in bytes, to start from.
        """

        def once() -> Iterator[Build | LogChunk | None]:
            return self._follow_build_once(build_id, offset)

        for item in self._resumed(once):
            if isinstance(item, LogChunk):
                offset = item.offset + len(item.data)
                yield item
            elif item is not None:
                yield item
                if item.final:
                    return

    def _follow_build_once(self, build_id: str, offset: int) -> Iterator[Build | LogChunk | None]:
        with self._stream(_build(build_id, f"/follow?offset={offset}")) as response:
            for line in lines(response):
                frame = _decode_frame(line)
                if isinstance(frame, wire.LogFrame):
                    yield self._chunk(frame, response)
                else:
                    yield frame.build if isinstance(frame, wire.BuildFrame) else None

    def difference(self, build_id: str) -> wire.Difference:
        """Why it had to be built: what differs from the nearest one that was there."""
        return self._ask("GET", _build(build_id, "/difference"), wire.Difference)

    def keep_credentials(self, address: str, username: str, password: str) -> None:
        """Keep the password of a registry's user where only the service looks it up.

        Parameters
        ----------
        password
            An empty one forgets what was kept.
        """
        request = wire.CredentialsRequest(address=address, username=username, password=password)
        self._ask("PUT", "/v1/credentials", NoneType, request)


def _environment(name: str, version: str | None) -> str:
    path = f"/v1/environments/{_quoted(name)}"
    return path if version is None else f"{path}?{urlencode({'version': version})}"


def _build(build_id: str, rest: str = "") -> str:
    return f"/v1/builds/{_quoted(build_id)}{rest}"


def _quoted(name: str) -> str:
    """A name within a path; one that would change where the path leads names nothing."""
    quoted = quote(name, safe="", errors="replace")
    if not quoted.strip("."):
        raise errors.NoSuchEnvironment(
            f"No environment {name!r}. `jupyter mltrain environments ls` lists them."
        )
    return quoted
