"""`Dataset` as a script finds it inside a run: what is registered, brought to the run."""

from .asking import ask
from .datasets import of
from .errors import UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Union

_NOTEBOOK = (
    "Dataset.{} is not offered inside a run. Register the dataset in the notebook, and give it to "
    "the run as an input or get it here by its name."
)


class _Lacking:
    """`Dataset.File` and `Dataset.Tabular`, which make datasets where jupyter_mltrain is
    installed."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        from .offers import installed

        whole = installed("jupyter_mltrain.core.dataset")
        if whole is None:
            raise AttributeError(_NOTEBOOK.format(self._name + "." + name))
        return getattr(getattr(whole.Dataset, self._name), name)


class Scenario:
    """What a dataset is to a model: ``datasets=[(Dataset.Scenario.TRAINING, dataset)]``."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"
    INFERENCE = "inferencing"


class Dataset:
    """The registered datasets. One that is got has its files here, brought by the service."""

    Scenario = Scenario
    File = _Lacking("File")
    Tabular = _Lacking("Tabular")

    @staticmethod
    def get_by_name(
        workspace: "Any", name: str, version: "Union[int, str]" = "latest", **kwargs: "Any"
    ) -> "Any":
        """The dataset of that name, to read.

        Raises
        ------
        UserErrorException
            There is none, or no such version; the sentence says what there is.
        """
        return _got(name=name, version=_number(version))

    @staticmethod
    def get_by_id(workspace: "Any", id: str, **kwargs: "Any") -> "Any":
        """The version of a dataset that has this id, to read; also a table among the arguments."""
        from .asked import entries
        from .context import Run

        given = entries(Run.get_context(allow_offline=False)._root._path)
        # What was never registered has an id, too, which nobody but the run knows.
        found = [entry for entry in given if entry.get("id") == id]
        return of(found[0]) if found else _got(id=id)

    @staticmethod
    def get_all(workspace: "Any") -> "Registered":
        """Name -> the latest version of each."""
        from .context import Run

        return Registered(ask(Run.get_context(allow_offline=False), "datasets"))


class Registered(dict):  # type: ignore[type-arg]
    """Datasets by name, each brought when it is first used."""

    def __init__(self, names: "Any") -> None:
        super().__init__((name, None) for name in names)

    def __getitem__(self, name: str) -> "Any":
        if name not in self:
            raise KeyError(name)
        if super().__getitem__(name) is None:
            self[name] = _got(name=name, version=None)
        return super().__getitem__(name)


def _number(version: "Union[int, str, None]") -> "Any":
    if version in (None, "latest"):
        return None
    if str(version).isdigit():
        return int(version)
    raise UserErrorException("{!r} is no version of a dataset: give a number.".format(version))


def _got(**wanted: "Any") -> "Any":
    from .context import Run

    entry: "Dict[str, Any]" = ask(Run.get_context(allow_offline=False), "dataset", **wanted)
    return of(entry)
