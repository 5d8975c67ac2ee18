"""The part of `Run` that keeps tags and properties."""

from .directory import RunDirectory
from .errors import AlreadyThere
from .metrics import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional


def _text(value: "Any") -> "Optional[str]":
    return None if value is None else str(value)


class Labels(RunDirectory):
    """Tags can be changed; properties can be added, never changed."""

    def tag(self, key: str, value: "Any" = None) -> None:
        """Set one tag; without a value it is `None`."""
        self._journal.append({"k": "tag", "n": str(key), "v": _text(value)})

    def set_tags(self, tags: "Dict[str, Any]") -> None:
        """Set several tags; those not named stay."""
        for key, value in tags.items():
            self.tag(key, value)

    def remove_tags(self, tags: "Iterable[str]") -> "Dict[str, Optional[str]]":
        """Remove tags by key, and give back those that are left."""
        for key in [tags] if isinstance(tags, str) else tags:
            self._journal.append({"k": "untag", "n": str(key)})
        return self.get_tags()

    def get_tags(self) -> "Dict[str, Optional[str]]":
        """Read the tags from the run's journal."""
        tags: "Dict[str, Optional[str]]" = {}
        for record in read(self._journal.path, 0, ("tag", "untag"))[0]:
            if record["k"] == "tag":
                tags[record["n"]] = record["v"]
            else:
                tags.pop(record["n"], None)
        return tags

    @property
    def tags(self) -> "Dict[str, Optional[str]]":
        return self.get_tags()

    def add_properties(self, properties: "Dict[str, Any]") -> None:
        """Add properties; raises `AlreadyThere`, and adds none, when one of them exists."""
        existing = self.get_properties()
        for key in properties:
            if key in existing:
                raise AlreadyThere(
                    "Property {!r} of run {} is already {!r}: properties are never changed. "
                    "Use a tag for what changes.".format(key, self.id, existing[key])
                )
        for key, value in properties.items():
            self._journal.append({"k": "property", "n": str(key), "v": str(value)})

    def get_properties(self) -> "Dict[str, str]":
        """Read the properties from the run's journal."""
        records = read(self._journal.path, 0, ("property",))[0]
        properties: "Dict[str, str]" = {}
        for record in records:
            properties.setdefault(record["n"], record["v"])
        return properties

    @property
    def properties(self) -> "Dict[str, str]":
        return self.get_properties()
