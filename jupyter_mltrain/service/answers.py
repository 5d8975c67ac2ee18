"""What a run can ask for from inside: models, data, secrets, further runs.

Everything is of the run's own workspace, and a path that a run gives is one of its own files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import msgspec
from msgspec.structs import replace

from jupyter_mltrain import wire
from jupyter_mltrain.errors import InvalidSpec, NoSuchSecret
from jupyter_mltrain.secrets import Secrets
from jupyter_mltrain.service import handing, series
from jupyter_mltrain.service.asking import Answer, Carrier, Question
from jupyter_mltrain.service.data_paths import FOLDER, entry
from jupyter_mltrain.service.datasets import Datasets
from jupyter_mltrain.service.delivering import Deliverer
from jupyter_mltrain.service.models import Models
from jupyter_mltrain.service.verbs import Verbs
from jupyter_mltrain.spec import (
    CONTROL_LOG,
    DataInput,
    DataMode,
    Dataset,
    Frozen,
    Model,
    ModelDataset,
    Run,
    RunKind,
    Source,
)
from jupyter_mltrain.store.removal import remove_tree

T = TypeVar("T")

MODELS: Final = "data/models"
"""Folder of a run's directory that has the models it asked for."""


class _Registered(Frozen, frozen=True, kw_only=True):
    """`register_model`."""

    name: str
    path: str | None = None
    description: str | None = None
    tags: Mapping[str, str | None] = {}
    properties: Mapping[str, str] = {}
    framework: str | None = None
    framework_version: str | None = None
    datasets: tuple[ModelDataset, ...] = ()
    child: str | None = None
    """Id of the run within the one that asks whose file it is."""


class _Wanted(Frozen, frozen=True, kw_only=True):
    """`model` and `model_path`."""

    name: str
    version: int | str | None = None


class _Listed(Frozen, frozen=True, kw_only=True):
    """`models`."""

    name: str | None = None
    tags: Mapping[str, str | None] = {}
    run_id: str | None = None
    latest: bool = False


class _Secret(Frozen, frozen=True, kw_only=True):
    """`secret` and `secrets`."""

    names: tuple[str, ...]
    all: bool = True
    """Whether one that is not kept is an error."""


class _Data(Frozen, frozen=True, kw_only=True):
    """`dataset`: by name and version, or by id."""

    name: str | None = None
    version: int | None = None
    id: str | None = None


class _Other(Frozen, frozen=True, kw_only=True):
    """`run` and `metrics`."""

    id: str


class _Submitted(Frozen, frozen=True, kw_only=True):
    """`submit_child`."""

    script: str
    arguments: tuple[str, ...] = ()
    name: str | None = None
    tags: Mapping[str, str | None] = {}


class Answers:
    """The answers, by verb."""

    def __init__(
        self,
        *,
        verbs: Verbs,
        models: Models,
        datasets: Datasets,
        deliverer: Deliverer,
        carrier: Carrier,
        keyring: bool = True,
    ) -> None:
        self._verbs = verbs
        self._models = models
        self._datasets = datasets
        self._deliverer = deliverer
        self._carrier = carrier
        self._staging = verbs.directory / "asked"
        remove_tree(self._staging)  # of a service that was killed
        self._secrets = Secrets(f"keyvault/{verbs.identity.id}", keyring=keyring)

    @property
    def table(self) -> dict[str, Answer]:
        """Verb -> what answers it."""
        return {
            "register_model": self._register_model,
            "model": self._model,
            "models": self._list_models,
            "model_path": self._model_path,
            "secret": self._secret,
            "dataset": self._dataset,
            "datasets": self._list_datasets,
            "run": self._run,
            "metrics": self._metrics,
            "submit_child": self._submit,
        }

    # Models

    async def _register_model(self, run: Run, question: Question) -> Any:
        given = _as(question, _Registered)
        await self._carrier.take_back(run)
        model = await self._models.register(
            wire.ModelRequest(
                name=given.name,
                run=run.id if given.child is None else self._within(run, given.child).id,
                path=given.path,
                description=given.description,
                tags=given.tags,
                properties=given.properties,
                framework=given.framework,
                framework_version=given.framework_version,
                datasets=given.datasets,
                request_id=f"ask-{question.id}",
            )
        )
        return _plain(model)

    async def _model(self, run: Run, question: Question) -> Any:
        wanted = _as(question, _Wanted)
        return _plain(self._models.get(wanted.name, wanted.version))

    async def _list_models(self, run: Run, question: Question) -> Any:
        given = _as(question, _Listed)
        found = self._models.all(
            name=given.name, run=given.run_id, tags=given.tags, latest=given.latest
        )
        return [_plain(each) for each in found]

    async def _model_path(self, run: Run, question: Question) -> Any:
        """Put the files where the run can read them: it may be in a container."""
        wanted = _as(question, _Wanted)
        model = self._models.get(wanted.name, wanted.version)
        run_dir = self._verbs.supervisor.roster.run_dir(run)
        inner, version = f"{MODELS}/{model.name}", str(model.version)
        if run.spec.environment.image is None:
            folder = self._models.folder(model)
            await self._verbs.in_thread(handing.link, run_dir, inner, version, folder)
        else:
            files = self._files_of(model)
            await self._verbs.in_thread(handing.copy, run_dir, inner, version, files)
            await self._carrier.bring(run, (run_dir / inner / version,))
        path = run_dir / inner / version
        tops = {file.name.partition("/")[0] for file in model.files}
        return str(path / tops.pop() if len(tops) == 1 else path)

    def _files_of(self, model: Model) -> Iterator[tuple[str, BinaryIO]]:
        reader = self._models.reader(model)
        return ((file.name, reader.open(file.name)) for file in model.files)

    # Data

    async def _list_datasets(self, run: Run, question: Question) -> Any:
        return [dataset.name for dataset in self._datasets.all()]

    async def _dataset(self, run: Run, question: Question) -> Any:
        """Bring a dataset to the run, as if it were an input of it; gives what ``inputs.json`` has.

        It is laid out beside the runs first, where no script can put a link in the way.
        """
        wanted = _as(question, _Data)
        dataset = self._found(wanted)
        contained = run.spec.environment.image is not None
        given = DataInput(
            name=f"asked_{question.id}",
            spec=dataset.spec,
            mode=DataMode.DOWNLOAD if contained else DataMode.MOUNT,
            dataset_id=dataset.id,
            dataset=dataset.name,
            version=dataset.version,
        )
        spec = replace(run.spec, inputs=(given,), outputs=())
        asked = replace(run, id=f"{run.id}.{question.id}", spec=spec)
        staging = self._staging / question.id
        await self._verbs.in_thread(_make, staging)
        try:
            (delivered,) = await self._deliverer.deliver(asked, staging, _nothing)
            run_dir = self._verbs.supervisor.roster.run_dir(run)
            await self._verbs.in_thread(
                handing.move, run_dir, FOLDER, given.name, staging / FOLDER / given.name
            )
        finally:
            self._deliverer.forget(asked.id)
            await self._verbs.in_thread(remove_tree, staging)
        await self._carrier.bring(run, (run_dir / FOLDER / given.name,))
        inner = delivered.path.removeprefix(str(staging))
        return _plain(entry(given, replace(delivered, path=f"{run_dir}{inner}")))

    def _found(self, wanted: _Data) -> Dataset:
        if wanted.id is not None:
            return self._datasets.by_id(wanted.id)
        if wanted.name is None:
            raise InvalidSpec("Say which dataset: by its name, or by its id.")
        return self._datasets.get(wanted.name, wanted.version)

    # Secrets

    async def _secret(self, run: Run, question: Question) -> Any:
        wanted = _as(question, _Secret)
        values = await self._verbs.in_thread(self._read, wanted.names)
        missing = [name for name, value in values.items() if value is None]
        if missing and wanted.all:
            raise NoSuchSecret(
                f"The workspace keeps no secret {missing[0][:60]!r}. In a notebook, "
                "`ws.get_default_keyvault().set_secret(name, value)` keeps one."
            )
        return values

    def _read(self, names: tuple[str, ...]) -> dict[str, str | None]:
        return {name: self._secrets.get(name) for name in names}

    # Runs

    def _within(self, run: Run, name: str) -> Run:
        """A run below the one that asks."""
        found = self._verbs.get(name)
        above = found
        while above.parent_id is not None and above.id != run.id:
            above = self._verbs.get(above.parent_id)
        if above.id != run.id:
            raise InvalidSpec(f"{name[:60]!r} is no run within {run.label}.")
        return found

    async def _run(self, run: Run, question: Question) -> Any:
        other = self._verbs.get(_as(question, _Other).id)
        return {
            "id": other.id,
            "number": other.number,
            "experiment": other.spec.experiment,
            "state": other.state.value,
            "reason": other.reason,
            "tags": _plain(other.tags),
            "properties": _plain(other.properties),
        }

    async def _metrics(self, run: Run, question: Question) -> Any:
        """The records of its journal that are about metrics."""
        other = self._verbs.get(_as(question, _Other).id)
        journal = self._verbs.supervisor.roster.run_dir(other) / "journal.jsonl"
        return await self._verbs.in_thread(_encoded, series.records(journal))

    async def _submit(self, run: Run, question: Question) -> Any:
        """Another run of what this one was made of: its snapshot, environment and compute."""
        given = _as(question, _Submitted)
        if run.snapshot_id is None:
            raise InvalidSpec(f"{run.label} was made of no files, so nothing else can be run.")
        spec = replace(
            run.spec,
            script=given.script,
            arguments=given.arguments,
            name=given.name,
            kind=RunKind.SCRIPT,
            cell=None,
            inputs=(),
            outputs=(),
        )
        request = wire.SubmitRequest(
            spec=spec,
            source=Source(snapshot=run.snapshot_id),
            request_id=f"ask-{question.id}",
            tags=given.tags,
            properties={"azureml.parentRunId": run.id},
        )
        child = await self._verbs.submit(request)
        return {"id": child.id, "number": child.number, "state": child.state.value}


def _make(folder: Path) -> None:
    """A folder that data can be laid out in as in a run's."""
    (folder / "files" / CONTROL_LOG).parent.mkdir(parents=True)


def _nothing(said: str) -> None:
    """Pass over how far data has got: nobody but the script waits for it."""


def _encoded(records: Iterable[Mapping[str, Any]]) -> msgspec.Raw:
    """As JSON, one after the other: a million in one step would hold up every other thread."""
    return msgspec.Raw(b"[%s]" % b",".join(map(_line, records)))


def _line(record: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(record).encode("ascii")


def _as(question: Question, kind: type[T]) -> T:
    return msgspec.convert(dict(question.args), kind)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
