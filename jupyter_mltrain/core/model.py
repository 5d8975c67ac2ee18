"""`Model`: files that were registered under a name, in versions that never change."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mltrain import spec
from jupyter_mltrain.core import model_files, model_words
from jupyter_mltrain.core.labels import property_texts, tag_texts
from jupyter_mltrain.core.model_record import ModelRecord
from jupyter_mltrain.core.model_serving import NotServed
from jupyter_mltrain.core.model_words import Wanted
from jupyter_mltrain.errors import NoSuchModel, UserError
from jupyter_mltrain.wire import ModelChange, ModelRequest

if TYPE_CHECKING:
    from typing_extensions import Self

    from jupyter_mltrain.core.workspace import Workspace


class Model(ModelRecord, NotServed):
    """One version of a registered model: what it says, and its files to fetch.

    The attributes are those of the moment it was got; changes go through the methods.
    """

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
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,
        tags: Wanted = None,
        properties: Wanted = None,
        version: int | str | None = None,
        run_id: str | None = None,
        model_framework: str | None = None,
        expand: bool = True,
        **kwargs: Any,
    ) -> None:
        """The newest registered model that all of this is true of.

        Parameters
        ----------
        id
            As in ``digits:3``.
        tags, properties
            A key, a list of keys or of ``[key, value]`` pairs, or a dict.

        Raises
        ------
        NoSuchModel
            There is none; the sentence says what there is.
        """
        if id is not None:
            given, _, number = id.rpartition(":")
            name, version = (name or given or id), (version or number if given else version)
        if name is None and run_id is None:
            raise UserError("Say which model: Model(ws, 'digits'), or Model(ws, id='digits:3').")
        if name is not None:
            workspace.client.model(name, version)  # says what there is, if not this one
        found = model_words.found(workspace, name, tags, properties, run_id, model_framework)
        found = [each for each in found if version is None or str(each.version) == str(version)]
        if not found:
            raise NoSuchModel(
                f"No model {name or 'of that run'!r} is as asked for. "
                "`Model.list(ws)` gives all there are."
            )
        self.workspace = workspace
        self._take(max(found, key=lambda each: (each.created_at, each.version)))

    @classmethod
    def _of(cls, workspace: Workspace, record: spec.Model) -> Self:
        """The model of a record that is at hand: nothing has to be asked."""
        model = cls.__new__(cls)
        model.workspace = workspace
        model._take(record)
        return model

    # Registering

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str | Path,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        datasets: Sequence[tuple[str, Any]] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
    ) -> Model:
        """Keep a copy of a file or folder of this machine as the next version of a name.

        Parameters
        ----------
        datasets
            Pairs of a label, as in "training", and a registered dataset.
        child_paths
            Of a folder, only these files and folders in it.
        resource_configuration
            Azure's: what a deployed model would get. Nothing is deployed here.

        Raises
        ------
        NoSuchFile
            There is nothing at `model_path`.
        InvalidSpec
            The name cannot be one.
        """
        source = Path(model_path).expanduser().absolute()
        request = ModelRequest(
            name=model_name,
            source=str(source),
            include=None if child_paths is None else tuple(map(str, child_paths)),
            description=description,
            tags=tag_texts(tags),
            properties=property_texts(properties),
            framework=model_framework,
            framework_version=model_framework_version,
            datasets=model_words.datasets(datasets, sample_input_dataset, sample_output_dataset),
        )
        return Model._of(workspace, workspace.client.register_model(request))

    # Looking

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: Wanted = None,
        properties: Wanted = None,
        run_id: str | None = None,
        latest: bool = False,
        dataset_id: str | None = None,
        expand: bool = True,
        page_count: int = 255,
        model_framework: str | None = None,
    ) -> builtins.list[Model]:
        """The registered models that all of this is true of, the one made last first.

        Parameters
        ----------
        tags, properties
            A key, a list of keys or of ``[key, value]`` pairs, or a dict.
        latest
            Of each name only the newest of them.
        expand, page_count
            Azure's: how it asks its service.
        """
        found = model_words.found(
            workspace, name, tags, properties, run_id, model_framework, dataset_id
        )
        if latest:
            newest: dict[str, int] = {}
            for each in found:
                newest[each.name] = max(each.version, newest.get(each.name, 0))
            found = [each for each in found if each.version == newest[each.name]]
        return [Model._of(workspace, each) for each in found]

    @staticmethod
    def get_model_path(
        model_name: str, version: int | None = None, _workspace: Workspace | None = None
    ) -> str:
        """Where a model's file or folder lies, looked for as Azure's SDK does.

        First ``azureml-models/<name>/<version>/`` below the current directory (without a version,
        the newest that is there), then a file or folder of its name. With `_workspace`, it is the
        registered one, where the workspace keeps it: to be read, not to be changed.

        Raises
        ------
        NoSuchModel
            It is in none of these places.
        """
        if _workspace is not None:
            record = _workspace.client.model(model_name, version)
            folder = _workspace.directory / "models" / record.name / str(record.version)
            return str(model_files.top(folder, [file.name for file in record.files]))
        return model_files.local_path(model_name, version)

    def download(
        self,
        target_dir: str | Path = ".",
        exist_ok: bool = False,
        exists_ok: bool | None = None,
    ) -> str:
        """Fetch its files into a folder; returns the path of its file, or of its folder.

        Parameters
        ----------
        exist_ok
            Overwrite what is there under these names.

        Raises
        ------
        FileExists
            Something is there already, and `exist_ok` is not set.
        """
        overwrite = exist_ok if exists_ok is None else exists_ok
        target = Path(target_dir).expanduser()
        return model_files.fetch(self.workspace.client, self.record, target, overwrite=overwrite)

    # Changing

    def update(
        self,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
    ) -> None:
        """Have these tags and no others, and this description; `None` leaves what is there."""
        removed = () if tags is None else tuple(key for key in self.tags if key not in tags)
        self._change(
            ModelChange(
                description=description,
                set_tags=tag_texts(tags),
                remove_tags=removed,
                add_datasets=model_words.datasets(
                    None, sample_input_dataset, sample_output_dataset
                ),
            )
        )

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags; others stay."""
        self._change(ModelChange(set_tags=tag_texts(tags)))

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags by key; one that is not there is no error."""
        self._change(ModelChange(remove_tags=(tags,) if isinstance(tags, str) else tuple(tags)))

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Add properties; raises `WrongState` for one that is there: they never change."""
        self._change(ModelChange(add_properties=property_texts(properties)))

    def update_tags_properties(
        self,
        add_tags: Mapping[str, Any] | None = None,
        remove_tags: str | Iterable[str] | None = None,
        add_properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Set and remove tags and add properties, all at once."""
        removed = (remove_tags,) if isinstance(remove_tags, str) else tuple(remove_tags or ())
        self._change(
            ModelChange(
                set_tags=tag_texts(add_tags),
                remove_tags=removed,
                add_properties=property_texts(add_properties),
            )
        )

    def add_dataset_references(self, datasets: Sequence[tuple[str, Any]]) -> None:
        """Say which further datasets it was made with: pairs of a label and a dataset."""
        self._change(ModelChange(add_datasets=model_words.datasets(datasets)))

    def _change(self, change: ModelChange) -> None:
        self._take(self.workspace.client.change_model(self.name, self.version, change))

    def delete(self) -> None:
        """Delete this version with its files. There is no way back; its run stays."""
        self.workspace.client.delete_model(self.name, self.version)

    @staticmethod
    def deserialize(workspace: Workspace, model_payload: Mapping[str, Any]) -> Model:
        """The model that a dict of `serialize` is about, as it is now."""
        return Model(workspace, model_payload["name"], version=model_payload["version"])
