"""What surrounds a run: its experiment, its children, their endings."""

import os

from .metrics import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Union


class Workspace:
    """The workspace of a run, by name."""

    @property
    def name(self) -> str:
        return _named("MLTRAIN_WORKSPACE_NAME", "AZUREML_ARM_WORKSPACE_NAME")

    def __repr__(self) -> str:
        return "Workspace(name={!r})".format(self.name)


class Experiment:
    """The experiment of a run, by name."""

    @property
    def name(self) -> str:
        return _named("MLTRAIN_EXPERIMENT", "AZUREML_ARM_PROJECT_NAME")

    @property
    def workspace(self) -> Workspace:
        return Workspace()

    def __repr__(self) -> str:
        return "Experiment(Name: {},\nWorkspace: {})".format(self.name, self.workspace.name)


def _named(*variables: str) -> str:
    return next((os.environ[each] for each in variables if os.environ.get(each)), "")


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
