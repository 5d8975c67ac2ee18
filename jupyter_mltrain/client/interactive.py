"""Runs that the caller's own process logs to: opened, changed, ended; what any run was made of."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import msgspec

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client.requests import Requests
from jupyter_mltrain.client.streams import CUT, TRIES
from jupyter_mltrain.spec import Run


class InteractiveVerbs(Requests):
    """What can be asked about runs that the service has not started."""

    def open(self, request: wire.OpenRequest) -> Run:
        """Make a run that goes on at once, or a child of one; it is on disk when this returns.

        Raises
        ------
        WrongState
            The id is taken, or what is to be the parent does not run.
        """
        if request.request_id is None:
            request = msgspec.structs.replace(request, request_id=os.urandom(8).hex())

        def done(refusal: errors.MltrainError) -> Run | None:
            # Of a child the service does not keep the request's id; that of the run is ours.
            if request.parent is None or request.run_id is None:
                return None
            return self._ask("GET", self._run(request.run_id), Run)

        return self._ask("POST", "/v1/runs/open", Run, request, done)

    def change(self, name: str | int, request: wire.RunChange) -> Run:
        """Give a run another name or description, or the snapshot that it lacks."""

        def done(refusal: errors.MltrainError) -> Run | None:
            run = self._ask("GET", self._run(name), Run)
            return run if request.source is not None and run.snapshot_id is not None else None

        return self._ask("POST", self._run(name), Run, request, done)

    def end(self, name: str | int, request: wire.EndRequest) -> Run:
        """End an opened run or a child, or fail one with a script; an ended one stays as it is.

        Raises
        ------
        WrongState
            Its script says when the run is complete.
        """
        return self._ask("POST", self._run(name, "/end"), Run, request)

    def snapshot(self, name: str | int) -> Iterator[wire.SnapshotFile]:
        """What was shipped with the run, by name."""
        after: str | None = None
        while True:
            query = "" if after is None else f"?{urlencode({'after': after})}"
            page = self._ask("GET", self._run(name, f"/snapshot{query}"), wire.SnapshotPage)
            yield from page.files
            after = page.next_after
            if after is None:
                return

    def read_snapshot(self, name: str | int, file: str) -> Iterator[bytes]:
        """The bytes of one file as it was shipped, in pieces."""
        path = self._run(name, f"/snapshot/{quote(file)}")
        given = 0
        for attempt in range(TRIES):
            at = 0
            try:
                for data in self._read_once(path):
                    fresh = data[max(0, given - at) :]
                    at += len(data)
                    if fresh:
                        given += len(fresh)
                        yield fresh
                return
            except CUT as error:
                # It is read from its begin again: it never changes, and is rarely large.
                if attempt == TRIES - 1:
                    raise self._keeps_failing(error) from error
                time.sleep(0.05 * attempt)
