"""Tags, which change, and properties, which never do: as text, and the part of `Run` with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mltrain.core.recorded import Recorded
from jupyter_mltrain.errors import UserError


def tag_texts(tags: Mapping[str, Any] | None) -> dict[str, str | None]:
    """Tags as they are kept: keys and values as text, `None` for a key alone."""
    return {key: None if value is None else str(value) for key, value in _items(tags)}


def property_texts(properties: Mapping[str, Any] | None) -> dict[str, str]:
    """Properties as they are kept: keys and values as text."""
    return {key: str(value) for key, value in _items(properties)}


def _items(given: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    if given is not None and not isinstance(given, Mapping):
        raise UserError(f"Tags and properties are a dict, not {type(given).__name__}.")
    return [(str(key), value) for key, value in (given or {}).items()]


class Labelled(Recorded):
    """Tags and properties of a run."""

    @property
    def tags(self) -> dict[str, str | None]:
        """Key -> value; `None` for a key alone."""
        return dict(self.record.tags)

    def get_tags(self) -> dict[str, str | None]:
        """Key -> value; `None` for a key alone."""
        return self.tags

    def tag(self, key: str, value: str | None = None) -> None:
        """Set one tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        self._client.tag(self.id, tag_texts(tags))

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Remove tags by key; one that is not there is no error."""
        self._client.tag(self.id, remove=[tags] if isinstance(tags, str) else tags)

    @property
    def properties(self) -> dict[str, str]:
        """Key -> value."""
        return dict(self.record.properties)

    def get_properties(self) -> dict[str, str]:
        """Key -> value."""
        return self.properties

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; raises `WrongState` for a key that is there: they never change."""
        self._client.add_properties(self.id, property_texts(properties))
