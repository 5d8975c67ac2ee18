"""What surrounds a run: its children, their endings, what they are looked for by."""

from .metrics import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Union


def relatives(journal: str) -> "List[Dict[str, Any]]":
    """The records of all children, in the order they were opened."""
    return read(journal, 0, ("child",))[0]


def ended(journal: str, run_id: str, root_id: str) -> "Optional[str]":
    """The state in which a run ended by its own word, or `None`."""
    found: "Optional[str]" = None
    for record in read(journal, 0, ("end", "attempt"))[0]:
        if record["k"] == "attempt":  # of the run itself, whose earlier ends are over with it
            found = None if run_id == root_id else found
        elif record["id"] == run_id:
            found = found or record["state"]
    return found


def matches(
    wanted: "Union[str, Dict[str, Any], None]", get: "Callable[[], Dict[str, Any]]"
) -> bool:
    """Whether labels meet a filter: a key that is there, or a dict of keys and values."""
    if wanted is None:
        return True
    labels = get()
    if isinstance(wanted, str):
        return wanted in labels
    return all(key in labels and labels[key] == value for key, value in wanted.items())
