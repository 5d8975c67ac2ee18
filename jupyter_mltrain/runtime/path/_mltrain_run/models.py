"""`Model` as a script finds it inside a run: registered and looked up by asking the service."""

import os

from .asking import ask
from .errors import ModelNotFoundException, UserErrorException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Union

_FOLDER = "azureml-models"
"""Where Azure ML puts the models of what it deploys."""


class Model:
    """One version of a registered model."""

    class Framework:
        """What a model can be made with, as far as that has a name."""

        CUSTOM = "Custom"
        TENSORFLOW = "TensorFlow"
        SCIKITLEARN = "ScikitLearn"
        ONNX = "Onnx"
        TFKERAS = "TfKeras"
        PYTORCH = "PyTorch"
        MULTI = "Multi"

    def __init__(
        self,
        workspace: "Any" = None,
        name: "Optional[str]" = None,
        id: "Optional[str]" = None,
        tags: "Any" = None,
        properties: "Any" = None,
        version: "Union[int, str, None]" = None,
        run_id: "Optional[str]" = None,
        model_framework: "Optional[str]" = None,
        expand: bool = True,
        **kwargs: "Any",
    ) -> None:
        """The newest registered model that all of this is true of.

        Raises
        ------
        ModelNotFoundException
            There is none; the sentence says what there is.
        """
        if id is not None:
            given, _, number = id.rpartition(":")
            name, version = name or given or id, version or (number if given else version)
        if name is None and run_id is None:
            raise UserErrorException(
                "Say which model: Model(ws, 'digits'), or Model(ws, id='digits:3')."
            )
        if name is not None:
            record = _ask("model", name=name, version=_number(version))
        if name is None or tags or properties or run_id or model_framework:
            found = [
                each
                for each in _records(name, tags, run_id, False)
                if version is None or str(each["version"]) == str(version)
                if _has(each["properties"], properties)
                if model_framework in (None, each["framework"])
            ]
            if not found:
                raise ModelNotFoundException(
                    "No model {!r} is as asked for. `Model.list(ws)` gives all there are.".format(
                        name or "of that run"
                    )
                )
            record = max(found, key=lambda each: (each["created_at"], each["version"]))
        self._take(record)

    @classmethod
    def _of(cls, record: "Dict[str, Any]") -> "Model":
        model = cls.__new__(cls)
        model._take(record)
        return model

    def _take(self, record: "Dict[str, Any]") -> None:
        self.name = record["name"]
        self.version = record["version"]
        self.id = "{}:{}".format(self.name, self.version)
        self.description = record["description"]
        self.tags = dict(record["tags"])
        self.properties = dict(record["properties"])
        self.model_framework = record["framework"]
        self.model_framework_version = record["framework_version"]
        self.run_id = record["run_id"]
        self.experiment_name = record["experiment"]
        self.created_time = record["created_at"]
        self.created_by = record["created_by"]

    @staticmethod
    def get_model_path(
        model_name: str, version: "Union[int, str, None]" = None, _workspace: "Any" = None
    ) -> str:
        """Where the model's file or folder can be read: below the working folder, or registered.

        Raises
        ------
        ModelNotFoundException
            It is in neither place.
        """
        folder = os.path.join(_FOLDER, model_name)
        there = sorted((each for each in _names(folder) if each.isdigit()), key=int)
        if there and (version is None or str(version) in there):
            found = os.path.join(folder, there[-1] if version is None else str(version))
            tops = _names(found)
            return os.path.join(found, tops[0]) if len(tops) == 1 else found
        try:
            path: str = _ask("model_path", name=model_name, version=_number(version))
        except ModelNotFoundException:
            if version is None and os.path.exists(model_name):
                return model_name
            raise
        return path

    @staticmethod
    def register(
        workspace: "Any",
        model_path: str,
        model_name: str,
        tags: "Any" = None,
        properties: "Any" = None,
        description: "Optional[str]" = None,
        datasets: "Any" = None,
        model_framework: "Optional[str]" = None,
        model_framework_version: "Optional[str]" = None,
        **kwargs: "Any",
    ) -> "Model":
        """Make the next version of a model of a file or folder that the script can read."""
        from .context import Run

        run = Run.get_context(allow_offline=False)
        if not os.path.exists(model_path):
            raise UserErrorException(
                "No file or folder {!r} to register as {!r}. The working folder is {!r}.".format(
                    os.fspath(model_path), model_name, os.getcwd()
                )
            )
        name = _kept(run, model_path, model_name)
        return register(
            run,
            model_name,
            name,
            tags,
            properties,
            model_framework,
            model_framework_version,
            description,
            datasets,
        )

    @staticmethod
    def list(
        workspace: "Any" = None,
        name: "Optional[str]" = None,
        tags: "Any" = None,
        properties: "Any" = None,
        run_id: "Optional[str]" = None,
        latest: bool = False,
        **kwargs: "Any",
    ) -> "List[Model]":
        """The registered models, the one made last first."""
        found = _records(name, tags, run_id, latest)
        return [Model._of(each) for each in found if _has(each["properties"], properties)]

    def download(
        self, target_dir: str = ".", exist_ok: bool = False, exists_ok: "Optional[bool]" = None
    ) -> str:
        """Copy the model into a folder; returns the path of its file or folder there."""
        import shutil

        source = _ask("model_path", name=self.name, version=self.version)
        target = os.path.join(target_dir, os.path.basename(source))
        if os.path.lexists(target):
            if not (exist_ok or exists_ok):
                raise UserErrorException(
                    "{} is there already. Pass exist_ok=True to overwrite it, or another "
                    "target_dir.".format(target)
                )
            (shutil.rmtree if os.path.isdir(target) else os.unlink)(target)
        os.makedirs(target_dir, exist_ok=True)
        # Contents alone: the copy is the script's own, and may be written.
        if os.path.isdir(source):
            shutil.copytree(source, target, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, target)
        return target

    def __getattr__(self, name: str) -> "Any":
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            "Model.{} is not offered inside a run. Use it in a notebook.".format(name)
        )

    def __repr__(self) -> str:
        return "Model(name={}, id={}, version={}, tags={}, properties={})".format(
            self.name, self.id, self.version, self.tags, self.properties
        )


def register(
    run: "Any",
    model_name: str,
    model_path: "Optional[str]" = None,
    tags: "Any" = None,
    properties: "Any" = None,
    model_framework: "Optional[str]" = None,
    model_framework_version: "Optional[str]" = None,
    description: "Optional[str]" = None,
    datasets: "Any" = None,
) -> Model:
    """Make the next version of a model of the run's file or folder, by its name there."""
    path = model_name if model_path is None else os.fspath(model_path)
    record = _ask(
        "register_model",
        name=model_name,
        path=path,
        child=None if run.parent is None else run.id,
        description=description,
        tags=_strings(tags),
        properties=_strings(properties),
        framework=model_framework,
        framework_version=model_framework_version,
        datasets=[
            {"label": label, "dataset_id": dataset.id, "dataset": dataset.name}
            for label, dataset in datasets or ()
            if dataset.id is not None
        ],
    )
    return Model._of(record)


def _kept(run: "Any", path: str, model_name: str) -> str:
    """The run's name of a file or folder; one that is no file of the run is kept with it first."""
    real = os.path.realpath(path)
    work = os.path.realpath(os.path.join(run._root._path, "work"))
    inner = os.path.relpath(real, work)
    if inner.split(os.sep)[0] in ("outputs", "logs"):
        return inner
    name = "models/{}-{}/{}".format(model_name, os.urandom(4).hex(), os.path.basename(real))
    (run.upload_folder if os.path.isdir(real) else run.upload_file)(name, real)
    return name


def _strings(labels: "Any") -> "Dict[str, Any]":
    return {str(k): None if v is None else str(v) for k, v in (labels or {}).items()}


def _names(folder: str) -> "List[str]":
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _number(version: "Union[int, str, None]") -> "Any":
    return int(version) if isinstance(version, str) and version.isdigit() else version


def _records(
    name: "Optional[str]", tags: "Any", run_id: "Optional[str]", latest: bool
) -> "List[Dict[str, Any]]":
    found: "List[Dict[str, Any]]" = _ask(
        "models", name=name, tags=_wanted(tags), run_id=run_id, latest=latest
    )
    return found


def _wanted(labels: "Any") -> "Dict[str, Optional[str]]":
    """Key -> value, or `None` for any: of a key, of keys and pairs, or of a dict."""
    if not labels:
        return {}
    if isinstance(labels, str):
        return {labels: None}
    if isinstance(labels, dict):
        return _strings(labels)
    pairs = [(each, None) if isinstance(each, str) else tuple(each) for each in labels]
    return _strings(dict(pairs))


def _has(labels: "Dict[str, Any]", wanted: "Any") -> bool:
    return all(k in labels and v in (None, labels[k]) for k, v in _wanted(wanted).items())


def _ask(verb: str, **args: "Any") -> "Any":
    from .context import Run

    return ask(Run.get_context(allow_offline=False), verb, **args)
