"""The part of `Run` for which the service is asked, and the data that a run was given."""

import json
import os

from .asking import ask
from .errors import UserErrorException
from .lineage import Lineage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional

_DIRECT = "direct"


class Asked(Lineage):
    """Models, secrets, data, further runs."""

    def register_model(
        self,
        model_name: str,
        model_path: "Optional[str]" = None,
        tags: "Any" = None,
        properties: "Any" = None,
        model_framework: "Optional[str]" = None,
        model_framework_version: "Optional[str]" = None,
        description: "Optional[str]" = None,
        datasets: "Any" = None,
        sample_input_dataset: "Any" = None,
        sample_output_dataset: "Any" = None,
        resource_configuration: "Any" = None,
        **kwargs: "Any",
    ) -> "Any":
        """Make the next version of a model of a file or folder that the run has written.

        Parameters
        ----------
        model_path
            Its name among the run's files, as in ``outputs/model.pkl``; by default the model's.

        Raises
        ------
        UserErrorException
            The run has no such file; the sentence lists what there is.
        """
        from .models import register

        return register(
            self,
            model_name,
            model_path,
            tags,
            properties,
            model_framework,
            model_framework_version,
            description,
            datasets,
        )

    def get_secret(self, name: str) -> str:
        """A secret of the workspace; raises `UserErrorException` if there is none of that name."""
        value: str = ask(self, "secret", names=[name], all=True)[name]
        return value

    def get_secrets(self, secrets: "Iterable[str]") -> "Dict[str, Optional[str]]":
        """Name -> secret, `None` for each that there is none of."""
        found: "Dict[str, Optional[str]]" = ask(self, "secret", names=list(secrets), all=False)
        return found

    def submit_child(self, config: "Any", tags: "Any" = None, **kwargs: "Any") -> "Any":
        """Submit another script of what this run was made of: same files, environment, compute.

        Parameters
        ----------
        config
            A `ScriptRunConfig`: its script and arguments count.

        Returns
        -------
        Submitted
            Not a child that ends with this run: it goes on by itself.
        """
        from .submitting import submit

        return submit(self, config, tags)

    @property
    def input_datasets(self) -> "Inputs":
        """Name -> where a given dataset lies; in mode direct, the dataset to read."""
        return Inputs(self._root._path)

    @property
    def output_datasets(self) -> "Dict[str, str]":
        """Name -> folder to write, which goes to its datastore when the run ends."""
        names = os.environ.get("MLTRAIN_OUTPUTS", "").split(",")
        return {name: os.environ[name] for name in names if name in os.environ}


class Inputs(dict):  # type: ignore[type-arg]
    """What a run was given, by name."""

    def __init__(self, run_dir: str) -> None:
        super().__init__()
        from .datasets import of

        for entry in entries(run_dir):
            if not entry.get("reference"):
                self[entry["name"]] = of(entry) if entry["mode"] == _DIRECT else entry["path"]

    def __missing__(self, name: str) -> "Any":
        there = ", ".join(map(repr, self)) or "none"
        raise KeyError("The run was given no dataset {!r}. Its inputs: {}.".format(name, there))


def entries(run_dir: str) -> "List[Dict[str, Any]]":
    """What the service has noted of the data that a run was given."""
    path = os.path.join(run_dir, "data", "inputs.json")
    try:
        with open(path, encoding="utf-8") as file:
            found: "List[Dict[str, Any]]" = json.load(file)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UserErrorException("{} can't be read: {}.".format(path, error)) from None
    return found


def described(run_dir: str) -> "List[Dict[str, Any]]":
    """``inputDatasets`` of the details: for each input its dataset, and how the run gets at it."""
    from .datasets import of

    return [
        {
            "dataset": of(entry),
            "consumptionDetails": {
                "type": "RunInput",
                "inputName": entry["name"],
                "mechanism": entry["mode"].capitalize(),
                "pathOnCompute": entry["path"],
            },
        }
        for entry in entries(run_dir)
        if not entry.get("reference")
    ]
