"""The run that a process is part of, and its children, as the place that an MLflow store is over.

`RunPlace` also says what such a place has to offer; the one of a notebook is in the package.
"""

import os
import re
import time

from . import notices
from .asking import ask
from .context import Run
from .errors import UserErrorException
from .metrics import read
from .mlflow_plugin import run_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

_ID = re.compile(r"[A-Za-z0-9][\w-]{0,63}\Z", re.ASCII)
_STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Canceled": "KILLED"}
_EXPERIMENT_TAG = "experiment."


def experiment_key(name: str) -> str:
    """Make the id of an experiment: its name, where that can be one.

    References
    ----------
    MLflow's ids have up to 64 letters, digits, ``_ -``; that of the experiment `Default` is 0.
    """
    if name == "Default":
        return "0"
    if _ID.match(name) and name != "0":
        return name
    import hashlib

    return "x" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:24]


class Known:
    """One run with what MLflow tells of it.

    Parameters
    ----------
    run
        Of the runtime's class `Run`: has the journal.
    status
        In MLflow's words: RUNNING, FINISHED, FAILED, KILLED.
    started_ms, ended_ms
        Unix milliseconds.
    artifacts
        Absolute path of the folder of its artifacts.
    """

    def __init__(
        self,
        run: "Any",
        experiment: str,
        user: str,
        status: str,
        started_ms: int,
        ended_ms: "Optional[int]",
        artifacts: str,
    ) -> None:
        self.run = run
        self.experiment = experiment
        self.user = user
        self.status = status
        self.started_ms = started_ms
        self.ended_ms = ended_ms
        self.artifacts = artifacts

    @property
    def key(self) -> str:
        return run_key(self.run.id)

    @property
    def parent_key(self) -> str:
        return run_key(self.run.parent.id)

    @property
    def artifact_uri(self) -> str:
        from pathlib import Path

        return Path(self.artifacts).as_uri()


class RunPlace:
    """A run has one experiment, its own, and every further run in it is a child."""

    def __init__(self) -> None:
        self._root = Run.get_context(allow_offline=False)
        self._runs: "Dict[str, Any]" = {run_key(self._root.id): self._root}

    # Experiments, by name

    def experiments(self) -> "List[str]":
        return [self._root.experiment.name]

    def experiment(self, name: str) -> str:
        """The name of the experiment that stands for this one: a run stays where it is."""
        own: str = self._root.experiment.name
        if name not in (own, "Default"):
            notices.say_once(
                "mlflow-experiment",
                "MLflow's experiment {!r} is {!r} here: a run stays in the experiment that it was "
                "submitted to.".format(name, own),
            )
        return own

    def experiment_tags(self, name: str) -> "Dict[str, str]":
        found: "Dict[str, str]" = {}
        for record in read(self._root._journal.path, 0, ("note",))[0]:
            if record["n"].startswith(_EXPERIMENT_TAG):
                found[record["n"][len(_EXPERIMENT_TAG) :]] = record["v"]
        return {key: value for key, value in found.items() if value is not None}

    def tag_experiment(self, name: str, key: str, value: "Optional[str]") -> None:
        self._root._journal.append({"k": "note", "n": _EXPERIMENT_TAG + key, "v": value})

    # Runs, by MLflow's ids

    def run(self, key: str) -> "Any":
        """The object to log to; raises `UserErrorException` when there is none."""
        if key not in self._runs:
            for child in self._root.get_children(recursive=True):
                self._runs.setdefault(run_key(child.id), child)
        if key not in self._runs:
            raise UserErrorException(
                "Run {} can't be seen from inside run {}: only its own children can. Look it up "
                "in the notebook.".format(key, self._root.id)
            )
        return self._runs[key]

    def known(self, key: str) -> Known:
        run = self.run(key)
        return self._known(run, self._ends())

    def all(self, experiments: "List[str]") -> "List[Known]":
        """The runs of these experiments, newest first."""
        if self._root.experiment.name not in experiments:
            return []
        for child in self._root.get_children(recursive=True):
            self._runs.setdefault(run_key(child.id), child)
        ends = self._ends()
        found = [self._known(run, ends) for run in self._runs.values()]
        return sorted(found, key=lambda known: -known.started_ms)

    def open(self, experiment: str, name: "Optional[str]", parent: "Optional[str]") -> Known:
        """Begin a run, below the one with this key, or else below the root."""
        child = self.run(parent or run_key(self._root.id)).child_run(name=name)
        self._runs[run_key(child.id)] = child
        return self.known(run_key(child.id))

    def end(self, key: str, status: str) -> None:
        """End a run as MLflow says; that the run itself is finished, only its script's end says."""
        run = self.run(key)
        if status == "FAILED":
            run.fail("MLflow ended it as failed.")
        elif status == "KILLED":
            run.cancel()
        elif status == "FINISHED" and run is not self._root:
            run.complete()

    def home(self) -> Known:
        """The run that takes what is logged to none."""
        return self.known(run_key(self._root.id))

    def keepers(self) -> "List[Any]":
        """The runs whose journals may tell of models, the likeliest first."""
        children: "List[Any]" = self._root.get_children(recursive=True)
        return [self._root] + children

    # Registered models

    def ask(self, verb: str, **args: "Any") -> "Any":
        """Ask for models of the workspace; the answers are those of `asking`."""
        return ask(self._root, verb, **args)

    def located(self, path: str) -> "Tuple[Optional[str], str]":
        """The child whose file or folder a path is (`None`: the run's own), and its name there."""
        runs = [(None, os.path.join(self._root._path, each)) for each in ("work", "files")]
        for child in self._root.get_children(recursive=True):
            runs.append((child.id, child._files))
        for run_id, folder in runs:
            root = os.path.realpath(folder) + os.sep
            if os.path.realpath(path).startswith(root):
                return run_id, os.path.realpath(path)[len(root) :]
        raise UserErrorException(
            "{} can't be registered: it is not among the files of run {}. Log the model to this "
            "run first.".format(path, self._root.id)
        )

    def _ends(self) -> "Dict[str, Dict[str, Any]]":
        """Id -> what the journal tells of a run's begin and end."""
        found: "Dict[str, Dict[str, Any]]" = {}
        for record in read(self._root._journal.path, 0, ("child", "end", "attempt"))[0]:
            if record["k"] == "attempt":  # how an earlier one has ended is over with it
                found.pop(self._root.id, None)
                continue
            times = found.setdefault(record["id"], {})
            if record["k"] == "child":
                times["began"] = record["t"]
            else:
                times.setdefault("ended", record["t"])
                times.setdefault("state", record["state"])
        return found

    def _known(self, run: "Any", ends: "Dict[str, Dict[str, Any]]") -> Known:
        times = ends.get(run.id, {})
        began = times.get("began")
        if began is None:
            began = _begin_of(run._path)
        ended = times.get("ended")
        files = "work" if run is self._root else "files"
        return Known(
            run=run,
            experiment=self._root.experiment.name,
            user=_user(),
            status=_STATUSES.get(times.get("state", ""), "RUNNING"),
            started_ms=int(began * 1000),
            ended_ms=None if ended is None else int(ended * 1000),
            artifacts=os.path.join(run._path, files, "outputs"),
        )


def _begin_of(run_dir: str) -> float:
    """When the run's script was started."""
    for name in ("control/reaper.json", "work", "."):
        try:
            return os.stat(os.path.join(run_dir, name)).st_mtime
        except OSError:
            continue
    return time.time()


def _user() -> str:
    return os.environ.get("USER") or os.environ.get("LOGNAME") or ""
