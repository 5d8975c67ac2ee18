"""Options of ``docker run`` that users may give, as what the engine's API takes."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import Frozen

_REASONS: Final = {
    "the run's resources say that (`--cpus`, `--memory` and `--gpus` of the run)": (
        "--cpus -c --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --memory -m "
        "--memory-swap --memory-swappiness --memory-reservation --kernel-memory "
        "--oom-kill-disable --gpus"
    ),
    "the run's container is named, followed and deleted for you": (
        "--name --rm -d --detach -i --interactive -t --tty -it -ti -a --attach --restart --cidfile "
        "--stop-signal --stop-timeout --sig-proxy --detach-keys --health-cmd --pull"
    ),
    "a run executes its own script in its own folder": "--entrypoint -w --workdir",
    "it would open the machine to the container": (
        "--privileged --pid --userns --uts --cgroupns --cgroup-parent --device-cgroup-rule "
        "--volumes-from"
    ),
    "the run's output is kept with the run": "--log-driver --log-opt",
    "the environment's `platform` says that": "--platform",
    "give variables with the environment or the run": "--env-file",
    "give labels with `--label`": "--label-file",
}
_FORBIDDEN: Final = {name: why for why, names in _REASONS.items() for name in names.split()}

_ROOT: Final = frozenset({"root", "0", "0:0", "root:root", "0:root", "root:0"})

ROOT_CAPABILITIES: Final = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
)
"""What root needs to be root within the container's own files and processes."""

_SOCKETS: Final = ("/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock")
_MEMORY_OR_DISK: Final = re.compile(
    r"/dev(?:/(?:k?mem|port|(?:mapper|disk|block)(?:/.*)?|(?:sd|hd|vd|xvd)[a-z]+\d*|dm-\d+"
    r"|(?:nvme|mmcblk|loop|md|nbd|zd)\d.*))?\Z"
)
_UNITS: Final = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


_MANY: Final = (
    *("-e --env", "-l --label", "-v --volume", "--mount", "--tmpfs", "--device", "-p --publish"),
    *("--add-host", "--dns", "--dns-search", "--dns-option --dns-opt", "--group-add"),
    *("--ulimit", "--sysctl", "--cap-add", "--cap-drop", "--security-opt"),
)
_ONE: Final = ("-u --user", "--network --net", "-h --hostname", "--ipc", "--shm-size", "--runtime")
_SWITCHES: Final = ("--read-only", "--init")
"""The latter is what a run's container has anyway."""


class Options(Frozen, frozen=True, kw_only=True):
    """What a container gets beside what every run's has."""

    host: Mapping[str, Any] = {}
    """Parts of the API's `HostConfig`."""
    config: Mapping[str, Any] = {}
    """Parts of the API's container configuration itself."""
    variables: Mapping[str, str] = {}
    as_root: bool = False


class _Parser(argparse.ArgumentParser):
    """Raises instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise InvalidSpec(f"The docker arguments cannot be used: {message}.")


def parse(arguments: Sequence[str]) -> Options:
    """Read options of ``docker run``.

    Raises
    ------
    InvalidSpec
        One is unknown, incomplete, or not for a run's container; the sentence names it.
    """
    if not arguments:
        return Options()
    for argument in arguments:
        name = argument.partition("=")[0]
        if name in _FORBIDDEN:
            raise InvalidSpec(f"{name} cannot be given as a docker argument: {_FORBIDDEN[name]}.")
    given, unknown = _parser().parse_known_args(list(arguments))
    if unknown:
        raise InvalidSpec(
            f"{unknown[0]!r} is not an option of docker run that a run can use. Leave it out."
        )
    return Options(
        host=_host(given),
        config=_config(given),
        variables=dict(_variable(each) for each in given.env),
        as_root=_is_root(given.user),
    )


def _parser() -> _Parser:
    parser = _Parser(prog="docker run", add_help=False, allow_abbrev=False)
    for names in _MANY:
        parser.add_argument(*names.split(), action="append", default=[])
    for names in _ONE:
        parser.add_argument(*names.split())
    for names in _SWITCHES:
        parser.add_argument(*names.split(), action="store_true")
    parser.add_argument("--pids-limit", type=int)
    return parser


def _host(given: argparse.Namespace) -> dict[str, Any]:
    mounts = [_volume(text) for text in given.volume] + [_mount(text) for text in given.mount]
    found: dict[str, Any] = {
        "Mounts": mounts,
        "Tmpfs": dict(_pair(text, ":") for text in given.tmpfs),
        "NetworkMode": _network(given.network),
        "PortBindings": _ports(given.publish),
        "ExtraHosts": given.add_host,
        "Dns": given.dns,
        "DnsSearch": given.dns_search,
        "DnsOptions": given.dns_option,
        "IpcMode": _ipc(given.ipc),
        "ShmSize": _size(given.shm_size, "--shm-size"),
        "Ulimits": [_ulimit(text) for text in given.ulimit],
        "Sysctls": dict(_named(text, "--sysctl") for text in given.sysctl),
        "Devices": [_device(text) for text in given.device],
        "CapAdd": [_capability(text) for text in given.cap_add],
        "CapDrop": [_capability(text) for text in given.cap_drop],
        "SecurityOpt": [_security(text) for text in given.security_opt],
        "GroupAdd": given.group_add,
        "ReadonlyRootfs": given.read_only,
        "Runtime": given.runtime,
        "PidsLimit": given.pids_limit,
    }
    return {name: value for name, value in found.items() if value}


def _config(given: argparse.Namespace) -> dict[str, Any]:
    labels = dict(_pair(text, "=") for text in given.label)
    if ours := next((name for name in labels if name.startswith("mltrain.")), None):
        raise InvalidSpec(f"The label {ours} is one of ours. Choose another name.")
    found = {
        "Hostname": given.hostname,
        "Labels": labels,
        "ExposedPorts": {port: {} for port in _ports(given.publish)},
    }
    return {name: value for name, value in found.items() if value}


def _is_root(user: str | None) -> bool:
    own = {str(os.getuid()), f"{os.getuid()}:{os.getgid()}"}
    if user is None or user in own:
        return False
    if user in _ROOT:
        return True
    raise InvalidSpec(
        f"A container runs as you, so that its files are yours, or with --user root as root; not "
        f"as {user}."
    )


def _pair(text: str, separator: str) -> tuple[str, str]:
    name, _, value = text.partition(separator)
    return name, value


def _named(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise InvalidSpec(f"{option} {text} has no value. Write it as {option} NAME=VALUE.")
    return name, value


def _variable(text: str) -> tuple[str, str]:
    return _named(text, "--env")


def _network(name: str | None) -> str | None:
    if name is not None and name.startswith("container:"):
        raise InvalidSpec("A run has a network of its own or a named one, no other container's.")
    return name


def _ipc(mode: str | None) -> str | None:
    if mode not in (None, "", "none", "private", "shareable", "host"):
        raise InvalidSpec(f"--ipc {mode} is not for a run. Use host, private or none.")
    return mode


def _size(text: str | None, option: str) -> int | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d+)\s*([bkmgt]?)b?", text.strip().lower())
    if found is None:
        raise InvalidSpec(f"{option} {text} is no size. Write it as in 2g or 512m.")
    return int(found[1]) * _UNITS[found[2]]


def _ulimit(text: str) -> dict[str, Any]:
    name, limits = _named(text, "--ulimit")
    soft, _, hard = limits.partition(":")
    try:
        return {"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}
    except ValueError:
        raise InvalidSpec(f"--ulimit {text} is not NAME=SOFT[:HARD] with numbers.") from None


def _device(text: str) -> dict[str, str]:
    there, _, rest = text.partition(":")
    if _MEMORY_OR_DISK.match(os.path.normpath(there)):
        raise InvalidSpec(
            f"--device {text} would open the machine to the container: its memory or its disks are "
            "not for a run."
        )
    here, _, access = rest.partition(":")
    return {
        "PathOnHost": there,
        "PathInContainer": here or there,
        "CgroupPermissions": access or "rwm",
    }


def _capability(name: str) -> str:
    plain = name.upper().removeprefix("CAP_")
    if plain == "ALL":
        raise InvalidSpec("Name each capability that the run needs; ALL is not for a run.")
    return plain


def _security(text: str) -> str:
    name, _, value = text.replace(":", "=", 1).partition("=")
    if name == "no-new-privileges" and value in ("", "true"):
        return "no-new-privileges"
    if (name, value) == ("seccomp", "unconfined") or name in ("apparmor", "label"):
        return f"{name}={value}"
    raise InvalidSpec(
        f"--security-opt {text} is not for a run. It takes seccomp=unconfined, apparmor=PROFILE "
        "and label=VALUE."
    )


def _ports(published: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for text in published:
        match = re.fullmatch(r"(?:(?:(.+):)?(\d*):)?(\d+)(?:/(tcp|udp))?", text)
        if match is None:
            raise InvalidSpec(f"--publish {text} is not [[ADDRESS:]PORT:]PORT with single ports.")
        address, outside, inside, kind = match.groups()
        binding = {"HostIp": address or "", "HostPort": outside or ""}
        found.setdefault(f"{inside}/{kind or 'tcp'}", []).append(binding)
    return found


def _volume(text: str) -> dict[str, Any]:
    source, _, rest = text.partition(":")
    target, _, mode = rest.partition(":")
    if not target:
        source, target = "", source
    if mode not in ("", "ro", "rw"):
        raise InvalidSpec(f"--volume {text} ends in {mode}. A run's may end in ro or rw.")
    kind = "bind" if source.startswith(("/", "~", ".")) else "volume"
    return _checked(kind, source, target, mode == "ro", f"--volume {text}")


def _mount(text: str) -> dict[str, Any]:
    fields = dict(_pair(part, "=") for part in text.split(","))
    known = {"type", "source", "src", "target", "dst", "destination", "readonly", "ro"}
    if strange := set(fields) - known:
        raise InvalidSpec(f"--mount {text} says {min(strange)}, which a run's cannot.")
    kind = fields.get("type", "volume")
    if kind not in ("bind", "volume", "tmpfs"):
        raise InvalidSpec(f"--mount {text} is of type {kind}. There is bind, volume and tmpfs.")
    source = fields.get("source", fields.get("src", ""))
    target = fields.get("target", fields.get("dst", fields.get("destination", "")))
    readonly = any(fields.get(name, "false") in ("", "true", "1") for name in ("readonly", "ro"))
    return _checked(kind, source, target, readonly, f"--mount {text}")


def _checked(kind: str, source: str, target: str, readonly: bool, option: str) -> dict[str, Any]:
    if not target.startswith("/"):
        raise InvalidSpec(f"{option} names no absolute path in the container.")
    if kind == "bind":
        path = Path(source).expanduser()
        if not path.is_absolute():
            raise InvalidSpec(f"{option} names no absolute path of the machine.")
        if _opens_an_engine(path):
            raise InvalidSpec(
                f"{option} would give the run the Docker socket, and with it the machine. Leave "
                "it out, or name a folder further down."
            )
        source = str(path)
    found = {"Type": kind, "Target": target, "ReadOnly": readonly}
    return {**found, "Source": source} if source else found


def _opens_an_engine(path: Path) -> bool:
    """Whether the socket of an engine is there or somewhere below.

    Processes lead to whole file systems, whatever we are allowed to see of that.
    """
    real = Path(os.path.realpath(path))
    if real.is_relative_to("/proc"):
        return True
    own = os.environ.get("XDG_RUNTIME_DIR")
    sockets = [*_SOCKETS, *([f"{own}/docker.sock", f"{own}/podman/podman.sock"] if own else [])]
    if real.name in ("docker.sock", "podman.sock"):
        return True
    return any(Path(os.path.realpath(each)).is_relative_to(real) for each in sockets)
