"""Runs: submit, list, look at, change, delete."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import errors, wire
from jupyter_mltrain.service.api.base import RUN, Api, Streaming
from jupyter_mltrain.spec import RunState
from jupyter_mltrain.store.runs import PAGE


class RunsHandler(Api):
    """`GET /v1/runs`: a page. `POST /v1/runs`: submit; 201 once the run is on disk."""

    def get(self) -> None:
        states = tuple(map(_state, self.get_query_arguments("state")))
        limit = self.number("limit")
        page = self.verbs.list(
            limit=PAGE if limit is None else limit,
            before=self.number("before"),
            skip=self.number("skip"),
            experiment=self.get_query_argument("experiment", None),
            compute=self.get_query_argument("compute", None),
            parent_id=self.get_query_argument("parent", None),
            text=self.get_query_argument("text", None),
            include_children=self.get_query_argument("children", "0") == "1",
            states=states,
            tags=self._labels("tag"),
            properties=self._labels("property"),
        )
        self.reply(page)

    def _labels(self, name: str) -> dict[str, str | None]:
        labels: dict[str, str | None] = {}
        for text in self.get_query_arguments(name):
            key, found, value = text.partition("=")
            labels[key] = value if found else None
        return labels

    async def post(self) -> None:
        self.reply(await self.verbs.submit(self.request_as(wire.SubmitRequest)), 201)


def _state(text: str) -> RunState:
    for state in RunState:
        if state.value.lower() == text.lower():
            return state
    names = ", ".join(state.value for state in RunState)
    raise errors.InvalidSpec(f"No state {text!r}. The states are {names}.")


class RunHandler(Api):
    """`GET /v1/runs/<run>`, `POST`: name or description; `DELETE`: it with all it kept."""

    def get(self, name: str) -> None:
        self.reply(self.verbs.get(name))

    async def post(self, name: str) -> None:
        self.reply(await self.parts.opened.change(name, self.request_as(wire.RunChange)))

    async def delete(self, name: str) -> None:
        self.reply(await self.verbs.delete(name))


class OpenHandler(RunHandler):
    """`POST /v1/runs/open`; all else is about a run that is called so."""

    async def post(self, name: str) -> None:
        self.reply(await self.parts.opened.open(self.request_as(wire.OpenRequest)), 201)


class EndHandler(Api):
    """`POST /v1/runs/<run>/end`."""

    async def post(self, name: str) -> None:
        self.reply(await self.parts.opened.end(name, self.request_as(wire.EndRequest)))


class HistoryHandler(Api):
    """`GET /v1/runs/<run>/history`."""

    def get(self, name: str) -> None:
        self.reply(self.verbs.history(name))


class MetricsHandler(Streaming):
    """`GET /v1/runs/<run>/metrics[?name=…]`."""

    async def get(self, name: str) -> None:
        metric = self.get_query_argument("name", None)
        await self.reply_encoded(await self.parts.browser.metrics(name, metric))


class CancelHandler(Api):
    """`POST /v1/runs/<run>/cancel`: recorded, not yet ended, hence 202."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.cancel(name), 202)


class TagsHandler(Api):
    """`POST /v1/runs/<run>/tags`."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.tag(name, self.request_as(wire.TagRequest)))


class PropertiesHandler(Api):
    """`POST /v1/runs/<run>/properties`."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.add_properties(name, self.request_as(wire.PropertyRequest)))


class PriorityHandler(Api):
    """`POST /v1/runs/<run>/priority`."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.reprioritize(name, self.request_as(wire.PriorityRequest)))


class AgainHandler(Api):
    """`POST /v1/runs/<run>/again`: 201 once the new run is on disk."""

    async def post(self, name: str) -> None:
        self.reply(await self.verbs.again(name, self.request_as(wire.AgainRequest)), 201)


ROUTES: Final = (
    (r"/v1/runs", RunsHandler),
    (r"/v1/runs/(open)", OpenHandler),
    (RUN, RunHandler),
    (RUN + r"/history", HistoryHandler),
    (RUN + r"/metrics", MetricsHandler),
    (RUN + r"/cancel", CancelHandler),
    (RUN + r"/tags", TagsHandler),
    (RUN + r"/properties", PropertiesHandler),
    (RUN + r"/priority", PriorityHandler),
    (RUN + r"/again", AgainHandler),
    (RUN + r"/end", EndHandler),
)
