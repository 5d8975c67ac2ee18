"""Which runs somebody asks for: filters by tags, properties, type and status."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jupyter_mltrain.client import Client
from jupyter_mltrain.core.labels import tag_texts
from jupyter_mltrain.errors import UserError
from jupyter_mltrain.spec import Run, RunState

Labels = str | Mapping[str, Any] | None

PARENT: Final = "azureml.parentRunId"
"""The property of a run that was submitted as a child: the other one's id."""


class Wanted:
    """A filter of runs."""

    def __init__(
        self,
        *,
        tags: Labels = None,
        properties: Labels = None,
        type: str | None = None,
        status: str | None = None,
    ) -> None:
        """Ask for runs.

        Parameters
        ----------
        tags, properties
            Only runs that have this key, or these keys with these values.
        status
            Name of a state, in any case.

        Raises
        ------
        UserError
            There is no such state.
        """
        self._tags = _pairs(tags)
        self._properties = _pairs(properties)
        self._type = type
        self._state = None if status is None else _state(status)

    @property
    def query(self) -> dict[str, Any]:
        """What of it the service can look for."""
        return {
            "tag": _texts(self._tags),
            "property": _texts(self._properties),
            "state": self._state and self._state.value,
        }

    def has(self, record: Run, type: str | None) -> bool:
        """Whether a run, of Azure's type, is among those that are asked for."""
        return (
            _match(self._tags, record.tags)
            and _match(self._properties, record.properties)
            and self._type in (None, type)
            and self._state in (None, record.state)
        )


def _pairs(labels: Labels) -> dict[str, str | None]:
    if isinstance(labels, str):
        return {labels: None}
    return tag_texts(labels)


def _texts(labels: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(key if value is None else f"{key}={value}" for key, value in labels.items())


def _match(wanted: Mapping[str, str | None], labels: Mapping[str, str | None]) -> bool:
    return all(key in labels and value in (None, labels[key]) for key, value in wanted.items())


def _state(text: str) -> RunState:
    for state in RunState:
        if state.value.lower() == text.lower():
            return state
    names = ", ".join(state.value for state in RunState)
    raise UserError(f"No status {text!r}. There are {names}.")


def below(client: Client, parent: Run, *, recursive: bool) -> Iterator[Run]:
    """The children of a run, newest first; with `recursive` each followed by its own."""
    found = client.iterate(parent=parent.id)
    if parent.parent_id is None:  # one that lives within another has submitted none
        submitted = client.iterate(
            experiment=parent.spec.experiment, property=f"{PARENT}={parent.id}"
        )
        found = heapq.merge(found, submitted, key=lambda run: -run.number)
    for run in found:
        yield run
        if recursive:
            yield from below(client, run, recursive=True)
