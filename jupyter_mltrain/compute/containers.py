"""The containers of a workspace's runs on one engine. Every method waits: for threads only."""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Collection
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.compute import container_options, copying, ending, sharing
from jupyter_mltrain.compute.base import Exited, Gone, Launch, Observation, Running, Unreachable
from jupyter_mltrain.compute.container_config import HOME, WORKSPACE_LABEL, Traits, compose, owner
from jupyter_mltrain.compute.handle import Handle, encode, is_canceled
from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.errors import ComputeTargetError, MltrainError
from jupyter_mltrain.spec import ExitRecord

_log = logging.getLogger(__name__)

_WRAPPER: Final = (Path(__file__).parent / "container.sh").read_bytes()
"""The first process of every run's container."""


class Containers:
    """Makes, looks at and deletes them."""

    def __init__(
        self, name: str, engine: Engine, workspace_id: str, folder: Path, shared: bool | None
    ) -> None:
        """See `DockerCompute`; asks nothing of the engine yet."""
        self._name = name
        self._engine = engine
        self._workspace_id = workspace_id
        self._folder = folder
        self._shared = shared
        self._traits: Traits | None = None
        self._settling = threading.Lock()

    def start(self, launch: Launch, marker: Path) -> Handle:
        """Create and start: two requests, and nothing else between the run and its first line."""
        if launch.container is None:
            raise ComputeTargetError(
                f"{self._name!r} runs containers, and this environment is none. Name an image, or "
                "run it on 'local'."
            )
        options = container_options.parse(launch.container.arguments)
        traits = self._its_traits()
        shared = self._sees_our_files(traits, launch.container.image)
        name = self.name_of(launch.run_id, launch.attempt)
        handle = Handle(
            container=name,
            shared=shared,
            log=launch.log,
            grace_s=launch.grace_s,
            until=time.time() + launch.timeout_s,
            limited=bool(launch.memory_bytes or launch.container.lease.memory_bytes),
            owner=owner(traits, options),
            image=launch.container.image,
            engine=traits.id,
        )
        config = compose(
            launch, launch.container, options, traits, self._workspace_id, shared=shared
        )
        (self._folder / name).write_text(launch.run_dir)
        _furnish(launch)
        try:
            if not self._engine.do(lambda client: containers.create(client, name, config)):
                if self._has_begun(name):
                    marker.write_bytes(encode(handle).encode())
                    return handle
                # Made by a service that was killed before it could start it.
                self._engine.do(lambda client: containers.remove(client, name))
                self._engine.do(lambda client: containers.create(client, name, config))
            if not shared:
                self._carry(launch, name, config["User"])
            # From here on the run counts as started: a service that comes after a kill looks for
            # its container.
            marker.write_bytes(encode(handle).encode())
            self._engine.do(lambda client: containers.start(client, name))
        except BaseException:
            self._undo(name, launch, marker)
            raise
        return handle

    def name_of(self, run_id: str, attempt: int = 1) -> str:
        """A container of each attempt: the last one's may not be removed yet."""
        name = f"mltrain-{self._workspace_id}-{run_id}"
        return name if attempt == 1 else f"{name}.{attempt}"

    def is_of(self, name: str, run_id: str) -> bool:
        """Whether a container is of this run."""
        first = self.name_of(run_id)
        later, _, attempt = name.rpartition(".")
        return name == first or (later == first and attempt.isdigit())

    def _its_traits(self) -> Traits:
        if self._traits is None:
            self._traits = Traits.of(self._engine.info())
        return self._traits

    def _sees_our_files(self, traits: Traits, image: str) -> bool:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._shared is None:
            self._shared = sharing.is_shared(
                self._engine, traits, image, self._folder, self._workspace_id
            )
            if not self._shared:
                _log.info("%s does not see our files; they are copied", self._name)
        return self._shared

    def _has_begun(self, name: str) -> bool:
        state = self._engine.do(lambda client: containers.state(client, name))
        return state is not None and state["Status"] != "created"

    def _carry(self, launch: Launch, name: str, user: str) -> None:
        assert launch.container is not None
        uid, _, gid = user.partition(":")
        paths = [launch.run_dir, *launch.container.readonly]
        carried = partial(
            copying.carry,
            name=name,
            paths=paths,
            owner=(int(uid), int(gid)),
            links=launch.container.links,
        )
        self._engine.do(carried)

    def _undo(self, name: str, launch: Launch, marker: Path) -> None:
        """Leave nothing of a start that failed."""
        marker.unlink(missing_ok=True)
        self.remove(name, Path(launch.run_dir))

    def look(self, known: Handle, control: Path) -> Observation:
        """How a run is, as the engine has it."""
        state = self._engine.do(lambda client: containers.state(client, known.container))
        record = ending.read(control, known.limited)
        if record is not None:
            return Exited(record=record)
        if known.engine and self._engine.info().get("ID", "") != known.engine:
            return Unreachable(reason=f"{self._name!r} is another Docker Engine than the run's")
        if state is None:
            return Gone(reason="its container was removed, so its exit status is unknown")
        if state["Status"] == "created":
            # A service was killed with the container in hand, or it is just being started.
            self._engine.do(lambda client: containers.start(client, known.container))
            return Running()
        if state["Status"] not in ("exited", "dead"):
            return Running()
        with self._settling:
            return Exited(record=self._settle(known, control, state))

    def _settle(self, known: Handle, control: Path, state: dict[str, Any]) -> ExitRecord:
        """Have all files of an ended run here, and its record; in a thread."""
        if not known.shared:
            run_dir, log = control.parent, Path(known.log)
            fetched = partial(copying.fetch, name=known.container, run_dir=run_dir, log=log)
            self._engine.do(fetched)
        record = ending.read(control, known.limited)
        if record is not None:
            return record
        if known.shared and known.owner is not None:
            self._give_back(known, control.parent)
        written, at = ending.seen(state, canceled=is_canceled(control))
        ending.keep(control, written, at)
        return ending.record_of(written, at, known.limited)

    def _give_back(self, known: Handle, run_dir: Path) -> None:
        """Give the files that a root of the image wrote to the caller; its wrapper was killed."""
        name = f"{known.container}-owner"
        config = {
            "Image": known.image,
            "User": "0:0",
            "Entrypoint": ["/bin/sh", "-c", 'chown -R "$1" "$2"'],
            "Cmd": ["chown", known.owner, str(run_dir)],
            "Labels": {WORKSPACE_LABEL: self._workspace_id},
            "NetworkDisabled": True,
            "HostConfig": {
                "Mounts": [{"Type": "bind", "Source": str(run_dir), "Target": str(run_dir)}],
                "NetworkMode": "none",
                "CapDrop": ["ALL"],
                "CapAdd": ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
                "SecurityOpt": ["no-new-privileges"],
            },
        }
        try:
            self._engine.do(lambda client: containers.create(client, name, config))
            self._engine.do(lambda client: containers.start(client, name))
            self._engine.do(lambda client: containers.ended(client, name))
        except ComputeTargetError as error:
            _log.warning("%s: files stay root's: %s", known.container, error)
        finally:
            self._engine.do(lambda client: containers.remove(client, name))

    def bring(self, known: Handle, run_dir: Path, paths: tuple[Path, ...]) -> None:
        """Put files of the run's directory into its container, which executes."""
        as_root = known.owner is not None or self._its_traits().rootless
        owner = (0, 0) if as_root else (os.getuid(), os.getgid())
        brought = partial(
            copying.bring, name=known.container, run_dir=run_dir, paths=paths, owner=owner
        )
        self._engine.do(brought)

    def take_back(self, known: Handle, run_dir: Path) -> None:
        """Have here what the run has written so far."""
        log = Path(known.log)
        taken = partial(copying.take_back, name=known.container, run_dir=run_dir, log=log)
        self._engine.do(taken)

    def cancel_unstarted(self, known: Handle, control: Path) -> None:
        """End a run whose container was made by a service that was killed right then."""
        state = self._engine.do(lambda client: containers.state(client, known.container))
        if state is not None and state["Status"] == "created":
            self._engine.do(lambda client: containers.remove(client, known.container))
            written = ending.Written(code=0, cause="cancel")
            ending.keep(control, written, datetime.now(timezone.utc))

    def remove(self, name: str, run_dir: Path) -> None:
        """Leave nothing of a run but its files; when the engine does not answer, later."""
        shutil.rmtree(run_dir / HOME, ignore_errors=True)
        try:
            self._engine.do(lambda client: containers.remove(client, name))
        except MltrainError as error:
            _log.warning("%s stays until the engine answers: %s", name, error)
            return
        (self._folder / name).unlink(missing_ok=True)

    def left(self, active: Collection[str]) -> list[tuple[str, Path]]:
        """Containers, with the folders, of runs that are not among these; asks no engine."""
        mine = f"{self.name_of('')}*"
        found = ((path.name, Path(path.read_text())) for path in self._folder.glob(mine))
        return [(name, run_dir) for name, run_dir in found if run_dir.name not in active]


def _furnish(launch: Launch) -> None:
    """Put into the run's folder what its container needs there."""
    control = launch.control
    (control / "container.sh").write_bytes(_WRAPPER)
    if not (control / ending.NAME).exists():
        (control / ending.NAME).write_bytes(b" " * ending.ROOM)
    (Path(launch.run_dir) / HOME).mkdir(exist_ok=True)
    Path(launch.log).parent.mkdir(parents=True, exist_ok=True)
