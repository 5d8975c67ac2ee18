"""Whether an engine's containers can have our folders as they are, found out by trying."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.compute import processes
from jupyter_mltrain.compute.container_config import WORKSPACE_LABEL, Traits, user
from jupyter_mltrain.compute.container_options import Options
from jupyter_mltrain.engine import Engine, containers
from jupyter_mltrain.errors import ComputeTargetError

_KEPT: Final = "shared.json"

_LABEL: Final = "mltrain.probe"

_PROBE: Final = """
read -r nonce <"$1/nonce" || exit 1
read -r boot </proc/sys/kernel/random/boot_id
echo "$nonce $boot" >"$1/reply"
"""


def is_shared(engine: Engine, traits: Traits, image: str, folder: Path, workspace_id: str) -> bool:
    """Whether a container writes into `folder` as we would; in a thread only.

    By the same kernel: only then are we told when a file grows. Costs a short container, once for
    an engine and a folder: that it is so is kept there.

    Parameters
    ----------
    image
        Any that the engine has, with a shell.
    folder
        Of the workspace; where the answer is kept too.
    """
    kept = folder / _KEPT
    try:
        if json.loads(kept.read_bytes()) == [traits.id, str(folder)]:
            return True
    except (OSError, ValueError):
        pass  # it has not been found out yet
    shared = _try(engine, traits, image, folder, workspace_id)
    if shared:
        kept.write_text(json.dumps([traits.id, str(folder)]))
    return shared


def _try(engine: Engine, traits: Traits, image: str, folder: Path, workspace_id: str) -> bool:
    labels = {WORKSPACE_LABEL: workspace_id, _LABEL: "yes"}
    for left in engine.do(lambda client: containers.names(client, labels)):
        engine.do(partial(containers.remove, name=left))  # of a service that was killed
    place = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    name = f"mltrain-{place.name}-{secrets.token_hex(4)}"
    nonce = secrets.token_hex(16)
    (place / "nonce").write_text(f"{nonce}\n")
    mount = {"Type": "bind", "Source": str(place), "Target": str(place)}
    config: dict[str, Any] = {
        "Image": image,
        "User": user(traits, Options()),
        "Entrypoint": ["/bin/sh", "-c", _PROBE],
        "Cmd": ["probe", str(place)],
        "Labels": labels,
        "NetworkDisabled": True,
        "HostConfig": {
            "Mounts": [mount],
            "NetworkMode": "none",
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges", *(["label=disable"] if traits.selinux else [])],
            **({"UsernsMode": "host"} if traits.remaps_users else {}),
        },
    }
    try:
        try:
            engine.do(lambda client: containers.create(client, name, config))
        except ComputeTargetError as error:
            if _is_about_mount(error):
                return False  # the engine's machine does not have the folder
            raise
        try:
            engine.do(lambda client: containers.start(client, name))
            engine.do(lambda client: containers.ended(client, name))
        finally:
            engine.do(lambda client: containers.remove(client, name))
        return _is_ours(place / "reply", nonce)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _is_about_mount(error: ComputeTargetError) -> bool:
    words = ("bind source path", "mounts denied", "invalid mount config")
    return any(word in error.message.lower() for word in words)


def _is_ours(reply: Path, nonce: str) -> bool:
    try:
        found, _, boot = reply.read_text().strip().partition(" ")
        owner = reply.stat().st_uid
    except OSError:
        return False
    return (found, owner) == (nonce, os.getuid()) and processes.boot_id() in ("", boot)
