"""`Run`, as a script finds it inside a run."""

import os

from .asked import Asked, described
from .errors import RunEnvironmentException, UserErrorException
from .metrics import aggregate, read
from .offline import _OfflineRun
from .workspace import Experiment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional

_contexts: "Dict[Any, Run]" = {}


class Run(Asked):
    """A run seen from inside: it logs, tags and keeps files without waiting for anyone.

    `Run(experiment, run_id)` finds this run or one of its children again.
    """

    def __init__(
        self, experiment: "Any", run_id: str, outputs: "Optional[str]" = None, **kwargs: "Any"
    ) -> None:
        root = type(self).get_context(allow_offline=False)
        found = [run for run in [root] + root.get_children(recursive=True) if run.id == run_id]
        if not found:
            raise UserErrorException(
                "Run {} can't be seen from inside run {}: only its own children can. Look it up "
                "in the notebook.".format(run_id, root.id)
            )
        self.__dict__.update(found[0].__dict__)
        self._outputs = outputs

    @classmethod
    def get_context(
        cls, allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: "Any"
    ) -> "Any":
        """The run that this process belongs to, or one that only prints when there is none.

        Raises
        ------
        RunEnvironmentException
            There is none, and `allow_offline` is false.
        """
        path = os.environ.get("MLTRAIN_RUN_DIR")
        if not path:
            if allow_offline:
                return _OfflineRun()
            raise RunEnvironmentException(
                "This process is not part of a run: MLTRAIN_RUN_DIR is not set. Submit the "
                "script, or call Run.get_context() to go on offline."
            )
        run_id = os.environ.get("MLTRAIN_RUN_ID") or os.path.basename(path)
        if (cls, run_id, path) not in _contexts:
            name = os.environ.get("MLTRAIN_RUN_NAME")
            _contexts[cls, run_id, path] = cls._make(run_id, path, name, None)
        return _contexts[cls, run_id, path]

    @classmethod
    def get_submitted_run(cls, **kwargs: "Any") -> "Any":
        """The older name of `get_context`."""
        return cls.get_context(**kwargs)

    @property
    def number(self) -> "Optional[int]":
        """Counts up from 1 in the workspace; a child has none."""
        number = os.environ.get("MLTRAIN_RUN_NUMBER", "")
        return int(number) if self._parent is None and number.isdigit() else None

    @property
    def attempt(self) -> int:
        """Counts the starts of the script, from 1: above that, what the last one wrote to
        `outputs` is there."""
        attempt = os.environ.get("MLTRAIN_ATTEMPT", "")
        return int(attempt) if attempt.isdigit() else 1

    @property
    def name(self) -> "Optional[str]":
        return self._name

    @property
    def display_name(self) -> str:
        """What the run is called in lists; can be set."""
        return self._said("name") or self._name or self._id

    @display_name.setter
    def display_name(self, name: str) -> None:
        if not isinstance(name, str) or not 0 < len(name) <= 256:
            raise UserErrorException(
                "{!r} can't name a run: give a text of up to 256 characters.".format(name)
            )
        self._journal.append({"k": "about", "n": "name", "v": name})

    @property
    def description(self) -> "Optional[str]":
        """A text about the run; can be set."""
        return self._said("description") or None

    @description.setter
    def description(self, text: "Optional[str]") -> None:
        self._journal.append({"k": "about", "n": "description", "v": str(text or "")})

    def _said(self, what: str) -> "Optional[str]":
        """What was last said of the run from inside it."""
        said = [r["v"] for r in read(self._journal.path, 0, ("about",))[0] if r["n"] == what]
        return said[-1] if said else None

    @property
    def experiment(self) -> Experiment:
        return Experiment()

    @property
    def parent(self) -> "Any":
        return self._parent

    @property
    def status(self) -> str:
        return self.get_status()

    def get_details(self) -> "Dict[str, Any]":
        """What is known of the run inside it, under Azure's keys."""
        return {
            "runId": self._id,
            "status": self.get_status(),
            "properties": self.get_properties(),
            "inputDatasets": described(self._root._path),
            "outputDatasets": [],
            "logFiles": {},
        }

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
    ) -> "Dict[str, Any]":
        """Give the details, at once: a run can't wait for itself."""
        return self.get_details()

    def get_metrics(
        self,
        name: "Optional[str]" = None,
        recursive: bool = False,
        run_type: "Optional[str]" = None,
        populate: bool = False,
    ) -> "Dict[str, Any]":
        """What was logged so far: name -> value, in the shapes that `metrics` describes.

        With `recursive` run id -> such a dict, for this run and all below it.
        """
        if recursive:
            runs = [self] + self.get_children(recursive=True)
            return {r.id: r.get_metrics(name) for r in runs if run_type in (None, r.type)}
        kinds = ("metric", "list", "row", "table", "image")
        records = read(self._journal.path, 0, kinds)[0]
        if name is not None:
            records = [record for record in records if record["n"] == name]
        return aggregate(records, self._id)

    def start(self) -> None:
        """Nothing to do: a run that can be seen from inside has started."""

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing to do: whatever is logged is written at once."""

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            "Run.{} is not offered inside a run. Use it on the run in the notebook or script that "
            "submitted it.".format(name)
        )

    def __repr__(self) -> str:
        return "Run(Experiment: {},\nId: {},\nType: {},\nStatus: {})".format(
            self.experiment.name, self._id, self.type, self.get_status()
        )
