"""Solving and installing conda packages with py-rattler, in a process of its own.

A process, because a solve takes hundreds of megabytes that the service gets back only so, and
because ending it ends all that rattler does. It reads a request as JSON on its standard input and
writes lines for the log, the last one its answer. Imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import rattler
from rattler import exceptions
from rattler.config import Config
from rattler.networking import Client
from rattler.package import BuildString
from rattler.virtual_package import GenericVirtualPackage

ANSWER = "mltrain-answer:"

_MOST_VERSIONS = 8


class Problem(Exception):
    """What stops the work: its kind, and rattler's words."""

    def __init__(self, kind: str, text: str, **facts: Any) -> None:
        super().__init__(text)
        self.answer = {"problem": kind, "text": text, **facts}


def main() -> int:
    """Do what standard input asks for, and answer."""
    request = json.load(sys.stdin)
    work = _solve if request.pop("do") == "solve" else _install
    try:
        answer, status = asyncio.run(work(**request)), 0
    except Problem as problem:
        answer, status = problem.answer, 1
    print(f"{ANSWER}{json.dumps(answer)}", flush=True)
    return status


async def _solve(
    specs: Sequence[str], channels: Sequence[str], platform: str | None, libc: str | None
) -> dict[str, Any]:
    """Find packages that fit together, for this machine or for another platform.

    Parameters
    ----------
    platform
        `None` is this machine's.
    libc
        Version of the GNU C library there; `None` is this machine's.
    """
    config = Config.load_from_default_locations("mltrain")
    gateway = rattler.Gateway.from_config(config)
    asked = platform or str(rattler.Platform.current())
    platforms = [rattler.Platform(asked), rattler.Platform("noarch")]
    wanted = [_match_spec(spec) for spec in specs]
    try:
        sources = [rattler.Channel(channel) for channel in channels]
    except exceptions.InvalidChannelError as error:
        raise Problem("channel", str(error)) from None
    try:
        records = await rattler.solve(
            sources,
            wanted,
            gateway=gateway,
            platforms=platforms,
            virtual_packages=_virtual_packages(platform, libc),
        )
    except exceptions.SolverError as error:
        there = await _versions(gateway, sources, platforms, wanted)
        raise Problem("unsolvable", str(error), there=there) from None
    except exceptions.GatewayError as error:
        raise Problem("channel", str(error)) from None
    ordered = rattler.PackageRecord.sort_topologically(list(records))
    by_name = {record.name.normalized: record for record in records}
    return {
        "platform": asked,
        "packages": [_line(by_name[record.name.normalized]) for record in ordered],
    }


async def _install(
    packages: Sequence[str], prefix: str, at: str | None, platform: str | None
) -> dict[str, Any]:
    """Install exactly these packages.

    Parameters
    ----------
    at
        Where the folder will lie when it is used, if not at `prefix`: link scripts, which execute
        what is in the packages, are then left out.
    """
    config = Config.load_from_default_locations("mltrain")
    records = [_record(line) for line in packages]
    names = {record.name.normalized: record for record in records}
    try:
        await rattler.install(
            records,
            prefix,
            platform=rattler.Platform(platform) if platform else None,
            client=Client.from_config(config),
            config=config,
            execute_link_scripts=at is None,
            show_progress=False,
            reporter=_Reporter(len(names)),
            alternative_target_prefix=at,
        )
    except (exceptions.InstallerError, exceptions.LinkError, exceptions.IoError) as error:
        raise Problem("install", str(error)) from None
    for name in sorted(names):
        print(f" + {name} {names[name].version}")
    return {}


class _Reporter:
    """Says what is fetched; what is in rattler's cache takes no time."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._names: list[str] = []

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        self._names.append(package_name)
        return len(self._names) - 1

    def on_download_start(self, cache_entry: int) -> int:
        print(f"Downloading {self._names[cache_entry]} ({cache_entry + 1} of {self._total})")
        sys.stdout.flush()
        return cache_entry

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *_: 0


def _match_spec(text: str) -> Any:
    try:
        return rattler.MatchSpec(text)
    except (exceptions.InvalidMatchSpecError, exceptions.InvalidPackageNameError) as error:
        raise Problem("spec", str(error), spec=text) from None


def _virtual_packages(platform: str | None, libc: str | None) -> list[GenericVirtualPackage]:
    """What the machine itself has that packages may depend on."""
    here = [each.into_generic() for each in rattler.VirtualPackage.detect()]
    if platform is None:
        return here
    # The kernel, and the driver of a GPU, are this machine's wherever the files come from.
    kept = [each for each in here if each.name.normalized in ("__unix", "__linux", "__cuda")]
    if platform == str(rattler.Platform.current()):
        kept += [each for each in here if each.name.normalized == "__archspec"]
    if libc:
        kept.append(
            GenericVirtualPackage(
                rattler.PackageName("__glibc"), rattler.Version(libc), BuildString("0")
            )
        )
    return kept


async def _versions(
    gateway: Any, sources: Sequence[Any], platforms: Sequence[Any], wanted: Sequence[Any]
) -> dict[str, list[str]]:
    """The newest versions that there are of each package asked for; none of one unknown."""
    found: dict[str, set[Any]] = {spec.name.normalized: set() for spec in wanted}
    for records in await gateway.query(sources, platforms, list(found), recursive=False):
        for record in records:
            found.setdefault(record.name.normalized, set()).add(record.version)
    return {
        name: [str(version) for version in sorted(versions, reverse=True)[:_MOST_VERSIONS]]
        for name, versions in found.items()
    }


def _line(record: Any) -> str:
    """A package as a lock names it."""
    if record.sha256:
        return f"{record.url}#sha256:{record.sha256.hex()}"
    return f"{record.url}#{record.md5.hex()}" if record.md5 else str(record.url)


def _record(line: str) -> Any:
    """The package that a lock names; what else there is to know is in the package itself."""
    url, _, hashed = line.partition("#")
    channel, subdir, file = url.rsplit("/", 2)
    stem = file.removesuffix(".conda").removesuffix(".tar.bz2")
    name, version, build = unquote(stem).rsplit("-", 2)
    record = rattler.PackageRecord(name, version, BuildString(build), 0, subdir, None, None)
    kind, _, value = hashed.rpartition(":")
    if kind == "sha256":
        record.sha256 = bytes.fromhex(value)
    elif value:
        record.md5 = bytes.fromhex(value)
    if kind == "sha256" and url.startswith("file://"):
        _check(Path(unquote(urlsplit(url).path)), value)
    return rattler.RepoDataRecord(record, file, url, channel)


def _check(file: Path, sha256: str) -> None:
    """rattler itself checks only what it downloads."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise Problem("install", f"{file} cannot be read: {error.strerror}") from None
    if found != sha256:
        raise Problem("install", f"{file} is not the package that was found for this environment")
