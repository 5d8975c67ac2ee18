"""What every table of routes shares: one request as a row, and the parts of paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

Method = Literal["GET", "POST", "PUT", "DELETE"]
Action = Literal["read", "write", "execute"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One parameter of a query."""

    name: str
    about: str
    type: Literal["string", "integer", "boolean"] = "string"
    repeated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One request, and what answers it."""

    method: Method
    path: str
    """Below `routes.BASE`; ``{name}`` may hold slashes, other parts do not."""
    about: str
    reply: Any = None
    """A type of `wire`; `None` for the bytes of a download, for a stream, and with 204."""
    request: Any = None
    status: int = 200
    action: Action = "read"
    """What the user has to be allowed to do with the resource `mltrain`."""
    query: tuple[Query, ...] = ()

    @property
    def pattern(self) -> str:
        """The path as a regular expression."""
        parts = re.split(r"\{(\w+)\}", self.path)
        return "".join(
            re.escape(part) if index % 2 == 0 else ("(.+)" if part == "name" else "([^/]+)")
            for index, part in enumerate(parts)
        )


WORKSPACE: Final = "workspaces/{workspace}/"
"""Begin of every route that is about one workspace."""

VERSION: Final = Query(name="version", about="Only this version; without it, all of them.")
RANGE_REPLY: Final = "A byte range may be asked for."
