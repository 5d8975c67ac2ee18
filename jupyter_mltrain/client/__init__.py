"""The service's verbs over its socket: what the SDK, the magics and the CLI stand on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client import metrics
from jupyter_mltrain.client.computes import ComputeVerbs
from jupyter_mltrain.client.data import DataVerbs
from jupyter_mltrain.client.environments import EnvironmentVerbs
from jupyter_mltrain.client.interactive import InteractiveVerbs
from jupyter_mltrain.client.models import ModelVerbs
from jupyter_mltrain.client.streams import Event, LogChunk
from jupyter_mltrain.spec import Run, RunFile, StateChange

__all__ = ["Client", "Event", "LogChunk"]


class Client(EnvironmentVerbs, ComputeVerbs, DataVerbs, ModelVerbs, InteractiveVerbs):
    """One workspace's service, started when needed and found again when it dies. Thread-safe."""

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
            ("1" to include them), `state`, `tag` and `property` (one or several; ``key`` or
            ``key=value``).
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
        return metrics.read(self._ask("GET", self._run(name, f"/metrics{query}"), dict[str, Any]))

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

    def again(self, name: str | int, request: wire.AgainRequest | None = None) -> Run:
        """Submit what a run was made of once more: same snapshot, inputs and settings.

        Parameters
        ----------
        request
            What is to be different. Safe against a cut, as `submit` is.
        """
        request = request or wire.AgainRequest()
        if request.request_id is None:
            request = msgspec.structs.replace(request, request_id=os.urandom(8).hex())
        return self._ask("POST", self._run(name, "/again"), Run, request)

    def reprioritize(
        self,
        name: str | int,
        priority: int | None = None,
        *,
        before: str | None = None,
        after: str | None = None,
    ) -> Run:
        """Move a waiting run in the queue: give it a priority, or the id of a run to be beside."""
        request = wire.PriorityRequest(priority=priority, before=before, after=after)
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

    def queue(self) -> tuple[wire.QueueEntry, ...]:
        """The waiting runs, in the order they will start."""
        return self._ask("GET", "/v1/queue", tuple[wire.QueueEntry, ...])

    def experiments(self) -> dict[str, int]:
        """Name -> number of runs."""
        return self._ask("GET", "/v1/experiments", dict[str, int])

    def gc(self, request: wire.GcRequest) -> wire.GcReport:
        """What a clean-up takes, or would take."""
        return self._ask("POST", "/v1/gc", wire.GcReport, request)

    def preview(self, request: wire.SubmitRequest) -> wire.Preview:
        """What a submit of this request would ship, and what the checks say of it."""
        return self._ask("POST", "/v1/preview", wire.Preview, request)

    def arguments(
        self,
        *,
        directory: str | None = None,
        script: str | None = None,
        text: str | None = None,
    ) -> wire.ScriptArguments:
        """What a script or notebook asks for: that file of a folder, or a script's text."""
        asked = wire.ArgumentsRequest(directory=directory, script=script, text=text)
        return self._ask("POST", "/v1/arguments", wire.ScriptArguments, asked)

    def shutdown(self) -> None:
        """End the service; runs go on, and the next request starts it again."""
        self._ask("POST", "/v1/shutdown", dict[str, Any])
        self.close()
