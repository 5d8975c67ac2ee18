"""From a launch to the configuration of its container, as the engine's API takes it."""

from __future__ import annotations

import getpass
import math
import os
from pathlib import Path
from typing import Any, Final

from jupyter_mltrain.compute.base import Container, Launch
from jupyter_mltrain.compute.container_options import ROOT_CAPABILITIES, Options
from jupyter_mltrain.spec import Frozen

WORKSPACE_LABEL: Final = "mltrain.workspace"
RUN_LABEL: Final = "mltrain.run"

HOME: Final = "home"
"""Folder of the run's directory that is HOME while it runs."""


class Traits(Frozen, frozen=True, kw_only=True):
    """What is particular about an engine."""

    id: str
    cpus: int
    rootless: bool = False
    """Its root is the user who runs it; other users map to nobody that we know."""
    remaps_users: bool = False
    selinux: bool = False
    log_drivers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, info: dict[str, Any]) -> Traits:
        """From what the engine says about itself."""
        options = {
            part
            for option in info.get("SecurityOptions") or ()
            for part in option.split(",")
            if part.startswith("name=")
        }
        return cls(
            id=info.get("ID") or info.get("Name") or "",
            cpus=info.get("NCPU") or os.cpu_count() or 1,
            rootless="name=rootless" in options,
            remaps_users="name=userns" in options,
            selinux="name=selinux" in options,
            log_drivers=frozenset((info.get("Plugins") or {}).get("Log") or ()),
        )


def user(traits: Traits, options: Options) -> str:
    """Who a container's processes are, in the container: the caller, outside of it."""
    if traits.rootless or options.as_root:
        return "0:0"
    return f"{os.getuid()}:{os.getgid()}"


def owner(traits: Traits, options: Options) -> str | None:
    """Who has to be given what it wrote; `None` where that is the caller's by itself."""
    if not options.as_root or traits.rootless or os.getuid() == 0:
        return None
    return f"{os.getuid()}:{os.getgid()}"


def compose(
    launch: Launch,
    container: Container,
    options: Options,
    traits: Traits,
    workspace_id: str,
    *,
    shared: bool,
) -> dict[str, Any]:
    """The body of the API's "create a container".

    Parameters
    ----------
    shared
        The engine sees our files: they are mounted, and the output goes to its file. Otherwise
        they are copied, and the output goes to the engine.

    References
    ----------
    Docker Engine API 1.41, "Create a container".
    """
    control = str(launch.control)
    labels = {
        **options.config.get("Labels", {}),
        WORKSPACE_LABEL: workspace_id,
        RUN_LABEL: launch.run_id,
    }
    return {
        "Image": container.image,
        "User": user(traits, options),
        "WorkingDir": launch.cwd,
        "Entrypoint": ["/bin/sh", f"{control}/container.sh"],
        "Cmd": [
            control,
            launch.log if shared else "-",
            f"{launch.timeout_s:.3f}",
            str(math.ceil(launch.grace_s * 10)),
            owner(traits, options) or "-",
            *launch.argv,
        ],
        "Env": [f"{name}={value}" for name, value in _variables(launch, options).items()],
        "StopSignal": "SIGTERM",
        "StopTimeout": math.ceil(launch.grace_s) + 2,
        "Healthcheck": {"Test": ["NONE"]},
        **options.config,
        "Labels": labels,
        "HostConfig": _host(launch, container, options, traits, shared=shared),
    }


def _variables(launch: Launch, options: Options) -> dict[str, str]:
    lease = launch.container.lease if launch.container else None
    name = getpass.getuser()
    variables = {
        "HOME": f"{launch.run_dir}/{HOME}",
        "USER": name,
        "LOGNAME": name,
        # An image may ask for all GPUs, where the engine's runtime is NVIDIA's by default.
        "NVIDIA_VISIBLE_DEVICES": "void",
        **options.variables,
        **launch.variables,
    }
    if lease is not None and lease.gpus:
        # In the container there are no others, and they are counted from 0.
        del variables["NVIDIA_VISIBLE_DEVICES"]
        variables["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(len(lease.gpus))))
    return variables


def _host(
    launch: Launch, container: Container, options: Options, traits: Traits, *, shared: bool
) -> dict[str, Any]:
    lease, given = container.lease, options.host
    memory = container.lease.memory_bytes or launch.memory_bytes or 0
    capabilities = [*(ROOT_CAPABILITIES if options.as_root else ()), *given.get("CapAdd", ())]
    security = {"no-new-privileges", *given.get("SecurityOpt", ())}
    if traits.selinux and not any(option.startswith("label=") for option in security):
        security.add("label=disable")  # or the run's folder, which is a user's, would be closed
    fixed = (*container.readonly, *container.data)
    ours = [_bind(launch.run_dir), *(_bind(path, readonly=True) for path in fixed)]
    host = {
        "ShmSize": container.shm_bytes,
        **given,
        "Mounts": [*(ours if shared else ()), *given.get("Mounts", ())],
        "NanoCpus": min(lease.cpus, traits.cpus) * 10**9,
        "Memory": memory,
        "MemorySwap": memory,  # memory and swap together: no swap
        "CapDrop": ["ALL"],
        "CapAdd": [name for name in capabilities if name not in given.get("CapDrop", ())],
        "SecurityOpt": sorted(security),
        "LogConfig": _log(traits, shared=shared),
        "DeviceRequests": _gpus(lease.gpus),
    }
    if traits.remaps_users:
        host["UsernsMode"] = "host"  # or the caller's uid would be somebody else's outside
    return host


def _bind(path: str | Path, *, readonly: bool = False) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(path), "Target": str(path), "ReadOnly": readonly}


def _log(traits: Traits, *, shared: bool) -> dict[str, Any]:
    if shared:
        return {"Type": "none"}
    # The usual one replaces bytes that are not UTF-8.
    if "local" in traits.log_drivers:
        limits = {"max-size": "1000g", "max-file": "1", "compress": "false"}
        return {"Type": "local", "Config": limits}
    return {"Type": "json-file"}


def _gpus(indexes: tuple[int, ...]) -> list[dict[str, Any]]:
    if not indexes:
        return []
    return [{"DeviceIDs": [str(index) for index in indexes], "Capabilities": [["gpu"]]}]
