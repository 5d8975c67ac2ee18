"""From a request to a stored run: the snapshot, the checks before queueing, the run directory."""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from jupyter_mltrain import workspaces
from jupyter_mltrain.environments.base import Environments
from jupyter_mltrain.errors import ChecksFailed, InvalidSpec
from jupyter_mltrain.service import contexts, launching, preflight, pythons
from jupyter_mltrain.service.run_dirs import RunDirs
from jupyter_mltrain.service.trees import SnapshotTree, Tree, python_of
from jupyter_mltrain.spec import Built, EnvironmentSpec, Frozen, Run, RunSpec, Source
from jupyter_mltrain.store.blobs import writing
from jupyter_mltrain.store.removal import remove_tree
from jupyter_mltrain.store.snapshots import Snapshots
from jupyter_mltrain.wire import SubmitRequest

_PASSED_S: Final = 10.0
_PASSED_ONES: Final = 100

_ID_NAME: Final = 200
"""How much of the experiment's name is in a run's id, which names a folder: 255 bytes at most."""

_SMALL_BYTES: Final = 1_000_000
_SMALL_FILES: Final = 20
"""Below both, a working copy is made at submit; above, the submit returns sooner without it."""


_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_GPU_MODULES: Final = re.compile(
    rb"^\s*(?:import|from)\s+(torch|tensorflow|jax|cupy|keras|lightning|pytorch_lightning)\b", re.M
)


class Accepted(Frozen, frozen=True, kw_only=True):
    """What the slow part of a submit leaves for the quick one."""

    run_id: str
    snapshot_id: str
    warnings: tuple[str, ...]
    checked_out: bool
    """The working copy is there."""
    journal_bytes: int
    """How much of the run's journal is known already."""


class Acceptor:
    """Takes in requests. Several threads may use it at once."""

    def __init__(
        self,
        snapshots: Snapshots,
        run_dirs: RunDirs,
        staging: Path,
        environments: Environments,
    ) -> None:
        self._snapshots = snapshots
        self._run_dirs = run_dirs
        self._staging = staging
        self._environments = environments
        self._passed: dict[tuple[object, ...], tuple[float, tuple[str, ...]]] = {}
        """What has passed the checks -> when (monotonic), with which warnings."""

    def accept(
        self,
        request: SubmitRequest,
        now: datetime,
        *,
        check_out: bool,
        gpus: int,
        built: Built | None = None,
    ) -> Accepted:
        """Take the snapshot, check it, and make the run directory.

        Parameters
        ----------
        check_out
            Make the working copy as well: the run is about to start, and a thread's turn of its
            own would cost it more than the copy of a few small files.
        gpus
            How many the compute target has.
        built
            What its environment was made into; `None` when it is not yet.

        Raises
        ------
        SnapshotError
            The source cannot be taken.
        InvalidSpec
            A check says that the run cannot work, or an input is not where it has to be.
        """
        source, spec = request.source, request.spec
        warnings: tuple[str, ...] = ()
        if source.snapshot is not None:
            snapshot_id = source.snapshot
            self._snapshots.manifest(snapshot_id)
            check_out = False  # how much it is was not counted
        else:
            directory = Path(source.directory) if source.directory is not None else None
            taken = self._snapshots.take(directory, source.include, source.inline)
            snapshot_id, warnings = taken.id, taken.warnings
            check_out = check_out and taken.size_bytes < _SMALL_BYTES and taken.files < _SMALL_FILES
        if not request.force:
            warnings += self._check(request, snapshot_id, gpus, built)
        run_id = f"{spec.experiment[:_ID_NAME]}_{int(now.timestamp())}_{secrets.token_hex(4)}"
        run_dir: Path | None = None
        try:
            with writing(self._staging):
                run_dir = self._run_dirs.make(run_id)
                journal_bytes = _write_labels(request, run_dir)
                if request.inputs:
                    _take_inputs(request.inputs, self._staging, run_dir / "variables" / "in")
                if check_out:
                    self._snapshots.check_out(snapshot_id, run_dir / "work")
        except BaseException:
            if run_dir is not None:
                remove_tree(run_dir)
            raise
        return Accepted(
            run_id=run_id,
            snapshot_id=snapshot_id,
            warnings=warnings,
            checked_out=check_out,
            journal_bytes=journal_bytes,
        )

    def with_context_kept(self, spec: EnvironmentSpec) -> EnvironmentSpec:
        """The definition with a snapshot in place of the folder that its Dockerfile copies from."""
        return contexts.kept(spec, self._snapshots)

    def check_prepared(self, run: Run) -> preflight.Report:
        """Check a run once more, now that its environment is known."""
        assert run.snapshot_id is not None
        tree = SnapshotTree(self._snapshots, run.snapshot_id, run.source_directory)
        return report(tree, run.spec, run.environment, self._environments)

    def _check(
        self, request: SubmitRequest, snapshot_id: str, gpus: int, built: Built | None
    ) -> tuple[str, ...]:
        """Do the checks and return their warnings; what passed a moment ago passes again."""
        source, spec = request.source, request.spec
        variables = _variables(spec)
        key = (
            snapshot_id,
            source.directory,
            spec.script,
            spec.arguments,
            spec.cell,
            spec.environment.interpreter,
            spec.environment.is_built,
            built and built.id,
            spec.resources.gpus,
            gpus,
            *variables.items(),
        )
        passed_at, warnings = self._passed.get(key, (0.0, ()))
        if time.monotonic() - passed_at < _PASSED_S:
            return warnings
        tree = SnapshotTree(self._snapshots, snapshot_id, source.directory)
        found = report(tree, spec, built, self._environments)
        if found.problems:
            refusal = ChecksFailed if spec.script in tree.names else InvalidSpec
            raise refusal("\n".join(found.errors))
        warnings = found.warnings + gpu_warnings(request, tree, gpus)
        if len(self._passed) > _PASSED_ONES:
            self._passed.clear()
        self._passed[key] = (time.monotonic(), warnings)
        return warnings


def report(
    tree: Tree,
    spec: RunSpec,
    built: Built | None,
    environments: Environments,
    *,
    force: bool = False,
) -> preflight.Report:
    """Do the checks that can be done, with what is known of the run's environment."""
    image_alone = built is not None and built.image is not None and built.interpreter is None
    return preflight.check(
        tree,
        spec.script,
        spec.arguments,
        cell=spec.cell,
        python=pythons.of(spec.environment, built, environments),
        variables=_variables(spec),
        lacks_python=launching.no_python(spec.environment, spec) if image_alone else None,
        force=force,
    )


def _variables(spec: RunSpec) -> Mapping[str, str]:
    environment = spec.environment
    return {**environment.inherited, **environment.variables, **spec.variables}


def gpu_warnings(request: SubmitRequest, tree: Tree, gpus: int) -> tuple[str, ...]:
    """GPUs that are not asked for are hidden, so that they can be promised to others: say so."""
    if not gpus or request.spec.resources.gpus or request.spec.variables.get(_VISIBLE):
        return ()
    uses = _GPU_MODULES.search(python_of(tree, request.spec.script))
    if uses is None:
        return ()
    return (
        f"{request.spec.script} imports {uses[1].decode()}, and the run asks for no GPU, so it "
        f"sees none of the {gpus} here. Add --gpus 1 for one.",
    )


def _write_labels(request: SubmitRequest, run_dir: Path) -> int:
    """Begin the journal with the tags and properties given at submit; returns its size.

    The script asks its journal for them, since it may not be able to ask the service.
    """
    if not request.tags and not request.properties:
        return 0
    now = time.time()
    records = [{"k": "tag", "n": n, "v": v, "t": now} for n, v in request.tags.items()]
    records += [{"k": "property", "n": n, "v": v, "t": now} for n, v in request.properties.items()]
    data = b"".join(msgspec.json.encode(record) + b"\n" for record in records)
    (run_dir / "journal.jsonl").write_bytes(data)
    return len(data)


def script_as_it_is(request: SubmitRequest) -> tuple[object, ...]:
    """The same for two requests only if script and interpreter are the same and unchanged."""
    source, spec = request.source, request.spec
    stamp: object = source.inline.get(spec.script)
    if stamp is None and source.directory is not None:
        try:
            found = os.stat(f"{source.directory}/{spec.script}")  # noqa: PTH116 - at every submit
            stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        except (OSError, ValueError):
            stamp = None  # for the checks to put into words
    return (
        source.directory,
        spec.script,
        spec.environment.interpreter,
        spec.environment.name,
        stamp,
    )


def is_small(source: Source) -> bool:
    """Whether the source is a few small files in one folder of a local disk; a look, no more."""
    if source.snapshot is not None or source.include is not None:
        return False
    size_bytes = sum(map(len, source.inline.values()))
    count = len(source.inline)
    if source.directory is not None:
        try:
            with os.scandir(source.directory) as entries:
                for entry in entries:
                    count += 1
                    if count > _SMALL_FILES or not entry.is_file(follow_symlinks=False):
                        return False
                    size_bytes += entry.stat(follow_symlinks=False).st_size
        except OSError:
            return False  # for the snapshot to put into words
        if not workspaces.is_local(Path(source.directory)):
            return False
    return size_bytes < _SMALL_BYTES


def _take_inputs(inputs: Mapping[str, str], staging: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for name, given in inputs.items():
        path = Path(given)
        if path.parent != staging or not _is_plain_file(path):
            raise InvalidSpec(f"The value of {name} is not a file in {staging}.")
    for name, given in inputs.items():
        Path(given).rename(target / f"{name}.pkl")


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
