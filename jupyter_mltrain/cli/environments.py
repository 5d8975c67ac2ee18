"""``jupyter mltrain environments``: what runs execute in, and what it was built into."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Final

from msgspec.structs import replace

from jupyter_mltrain import units
from jupyter_mltrain.cli import INTERRUPTED, table, terminal
from jupyter_mltrain.cli.session import client_of, command, print_json
from jupyter_mltrain.cli.show import SECRET, print_pairs, print_title
from jupyter_mltrain.cli.terminal import plain, say
from jupyter_mltrain.cli.watching import Output
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import environment_options, words
from jupyter_mltrain.errors import InvalidSpec, NoSuchEnvironment, UserError
from jupyter_mltrain.spec import DEFAULT_SHM_BYTES, Build, BuildState, EnvironmentSpec
from jupyter_mltrain.wire import BuildRequest, EnvironmentSummary, ReclaimReport, ReclaimRequest

S = BuildState
_TITLES: Final[Mapping[BuildState, tuple[str, str]]] = {
    S.WAITING: ("○ Not built", ""),
    S.BUILDING: ("◔ Building", ""),
    S.BUILT: ("✓ Built", "32"),
    S.FAILED: ("✗ Failed", "31"),
    S.CANCELED: ("⊘ Canceled", "2"),
    S.STALE: ("… Stale", "33"),
}
"""Shape and word, and the terminal's colour."""
del S

_COLUMNS: Final = (
    table.Column(title="NAME", most=30),
    table.Column(title="VERSION", right=True, leaves=3),
    table.Column(title="KIND", leaves=4),
    table.Column(title="STATE"),
    table.Column(title="SIZE", right=True, leaves=1),
    table.Column(title="USED", leaves=2),
    table.Column(title=""),
)


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked of environments."""
    return _ACTIONS[arguments.action](arguments)


def _ls(arguments: argparse.Namespace) -> int:
    found = client_of(arguments).environments()
    if arguments.json:
        print_json(found)
        return 0
    now = datetime.now(timezone.utc).astimezone()
    rows = [_row(each, now) for each in found]
    print("\n".join(table.lines(_COLUMNS, rows, terminal.columns())))
    return 0


def _row(found: EnvironmentSummary, now: datetime) -> list[table.Cell]:
    is_built = found.kind != "interpreter"
    fact = "comes with mltrain" if found.reserved else ""
    if found.state in (BuildState.BUILDING, BuildState.FAILED, BuildState.STALE):
        fact = found.reason
    return [
        table.Cell(found.name),
        table.Cell(found.latest),
        table.Cell(found.kind),
        state_cell(found.state) if is_built else table.Cell("✓ Ready"),
        table.Cell("" if found.size_bytes is None else units.size(found.size_bytes)),
        table.Cell("" if found.used_at is None else words.age(found.used_at, now)),
        table.Cell(fact),
    ]


def state_cell(state: BuildState) -> table.Cell:
    """Shape, word and colour of a state."""
    text, style = _TITLES[state]
    return table.Cell(text, lambda given: terminal.paint(given, style) if style else given)


def _show(arguments: argparse.Namespace) -> int:
    details = client_of(arguments).environment(*_named(arguments.name))
    if arguments.json:
        print_json(details)
        return 0
    now = datetime.now(timezone.utc).astimezone()
    latest = details.versions[0]
    label = f"{latest.spec.name}:{latest.spec.version}"
    print(f"{terminal.paint(plain(label), terminal.BOLD)}")
    if latest.build is not None and latest.build.state is not BuildState.BUILT:
        reason, *more = latest.build.reason.splitlines() or [""]
        print("\n  ".join(plain(line) for line in (reason, *more)))
    print()
    print_pairs([*_definition(latest.spec), *_result(latest.build, now)])
    if latest.spec.image is not None and latest.spec.image.dockerfile:
        print_title("Dockerfile")
        for line in latest.spec.image.dockerfile.splitlines():
            print(f"  {plain(line)}")
    print_title("Versions")
    rows = []
    for each in details.versions:
        state = each.build.state if each.build is not None else BuildState.WAITING
        at = each.registered_at
        rows.append(
            [
                table.Cell(each.spec.version or ""),
                state_cell(state) if each.spec.is_built else table.Cell("✓ Ready"),
                table.Cell("comes with mltrain" if at is None else words.age(at, now)),
            ]
        )
    columns = (table.Column(title="", right=True), *2 * (table.Column(title=""),))
    print("\n".join(table.lines(columns, rows, terminal.columns(), titled=False, indent="  ")))
    return 0


def _definition(spec: EnvironmentSpec) -> Iterator[tuple[str, str]]:
    image, packages = spec.image, spec.packages
    if image is None and packages is None:
        yield "Interpreter", spec.interpreter or ""
    if image is not None:
        yield "Image", image.image or "built from a Dockerfile"
        yield "Registry", " as ".join(filter(None, (image.registry, image.username)))
        yield "Platform", image.platform or ""
        yield "Interpreter", spec.interpreter or ""
        shared = image.shm_bytes
        yield "Shared memory", units.asked_size(shared) if shared != DEFAULT_SHM_BYTES else ""
        yield "Options", shlex.join(image.arguments)
    if packages is not None:
        yield "Python", packages.python or "any that is there"
        yield "Channels", " ".join(packages.channels)
        yield "Conda", "  ".join(packages.conda)
        yield "Pip", "  ".join(packages.pip)
    yield (
        "Variables",
        " ".join(
            f"{name}={'…' if SECRET.search(name) else shlex.quote(value)}"
            for name, value in spec.variables.items()
        ),
    )


def _result(build: Build | None, now: datetime) -> Iterator[tuple[str, str]]:
    if build is None:
        return
    ended = f", {words.age(build.ended_at, now)}" if build.ended_at else ""
    yield "State", f"{_TITLES[build.state][0]} on {build.compute}{ended}"
    if build.size_bytes is not None and build.state is BuildState.BUILT:
        yield "Size", units.size(build.size_bytes)
    if build.used_at is not None:
        yield "Used", words.age(build.used_at, now)
    if build.built is not None:
        python = build.built.python
        yield "Made", f"{build.built.kind}{f' with Python {python}' if python else ''}"
        yield "Base", build.built.base or ""
        yield "Installed", units.plural(build.built.packages, "package")
    yield "Build", build.id


def _build(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    name = _described(arguments, client) or arguments.name
    build = client.build(
        BuildRequest(environment=name, compute=arguments.compute, fresh=arguments.fresh)
    )
    was_there = build.final
    if not (arguments.no_wait or was_there):
        build = _watch(arguments, client, build)
    if arguments.json:
        print_json(build)
    else:
        text, style = _TITLES[build.state]
        state = terminal.paint(text, style, sys.stderr) if style else text
        # On one terminal with the log, which ends with it.
        shown = not (was_there or arguments.no_wait or arguments.quiet) and sys.stdout.isatty()
        fact = _fact(build, was_there=was_there, shown=shown)
        say(f"{state}  {plain(name)}  {plain(fact)}".rstrip())
    if build.state is BuildState.CANCELED:
        return INTERRUPTED
    return 1 if build.state is BuildState.FAILED else 0


def _fact(build: Build, *, was_there: bool, shown: bool) -> str:
    """When it was built, how long that took, or why it is not, unless the log has shown that."""
    if build.state is not BuildState.BUILT or build.ended_at is None:
        return "" if shown else build.reason.partition("\n")[0]
    if was_there:
        now = datetime.now(timezone.utc).astimezone()
        return f"already, {words.age(build.ended_at, now)}"
    return units.duration((build.ended_at - build.created_at).total_seconds())


def _described(arguments: argparse.Namespace, client: Client) -> str | None:
    """Register what the options describe under the name; `None` when they describe nothing."""
    chosen = environment_options.chosen(arguments)
    if not chosen.spec.is_built:
        return None
    name, version = _named(arguments.name)
    if version is not None:
        raise InvalidSpec(
            f"What the options describe becomes a new version of {name!r}: leave {version!r} out."
        )
    registered = client.register(replace(chosen.spec, name=name)).spec
    return f"{name}:{registered.version}"


def _watch(arguments: argparse.Namespace, client: Client, build: Build) -> Build:
    """Follow it to its end; interrupted, it goes on."""
    output = Output()
    shown = not (arguments.json or arguments.quiet)
    try:
        for item in client.follow_build(build.id):
            if isinstance(item, Build):
                build = item
            elif shown:
                output.write(item.data)
    except KeyboardInterrupt:
        output.end()
        again = command(arguments, f"environments build {shlex.quote(arguments.name)}")
        say(f"Stopped watching; the build goes on. `{again}` shows it again.")
        raise SystemExit(INTERRUPTED) from None
    output.end()
    return build


def _rm(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    named = [_named(name) for name in arguments.names]
    found = [client.environment(*each) for each in named]
    for each in found:
        if each.reserved:
            raise InvalidSpec(f"The environment {each.name!r} comes with mltrain and stays.")
    labels = [
        f"{name}:{version}"
        if version
        else f"{name} with {units.plural(len(each.versions), 'version')}"
        for (name, version), each in zip(named, found, strict=True)
    ]
    lost = plain(", ".join(labels))
    if not arguments.yes:
        if not terminal.asks():
            raise UserError(f"Nothing is deleted without --yes: {lost} would be lost.")
        if not terminal.confirm(f"Delete {lost}? There is no way back."):
            say("Nothing is deleted.")
            return 1
    deleted = [client.delete_environment(*each) for each in named]
    if arguments.json:
        print_json(deleted)
        return 0
    print(f"Deleted {lost}. `{command(arguments, 'environments reclaim')}` frees their space.")
    return 0


def _reclaim(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    would = client.reclaim(ReclaimRequest(unused_for_s=arguments.unused_for, dry_run=True))
    take = ReclaimRequest(unused_for_s=arguments.unused_for, dry_run=False)
    if arguments.json:
        print_json(client.reclaim(take) if arguments.yes and not arguments.dry_run else would)
        return 0
    if not would.builds:
        print("There is nothing to reclaim.")
        return 0
    rows = [
        [
            table.Cell(f"{each.name}:{each.version}" if each.version else each.name),
            table.Cell(each.compute),
            table.Cell("" if each.size_bytes is None else units.size(each.size_bytes)),
        ]
        for each in would.builds
    ]
    columns = (
        table.Column(title="ENVIRONMENT"),
        table.Column(title="COMPUTE"),
        table.Column(title="SIZE", right=True),
    )
    print("\n".join(table.lines(columns, rows, terminal.columns())))
    if arguments.dry_run:
        return 0
    what = _what(would)
    if not arguments.yes:
        if not terminal.asks():
            raise UserError(f"Nothing is deleted without --yes: {what} would be.")
        if not terminal.confirm(f"Delete {what}? What a run needs is built again."):
            say("Nothing is deleted.")
            return 1
    done = client.reclaim(take)
    print(f"Deleted {_what(done)}." if done.builds else "Nothing is deleted.")
    for problem in done.problems:
        say(plain(problem))
    return 1 if done.problems else 0


def _what(report: ReclaimReport) -> str:
    return f"{units.plural(len(report.builds), 'build')}, {units.size(report.freed_bytes)} in all"


def _why(arguments: argparse.Namespace) -> int:
    client = client_of(arguments)
    name, version = _named(arguments.name)
    latest = client.environment(name, version).versions[0]
    if latest.build is None:
        raise NoSuchEnvironment(
            f"{name}:{latest.spec.version} was not built yet. "
            f"`{command(arguments, f'environments build {shlex.quote(name)}')}` does it."
        )
    difference = client.difference(latest.build.id)
    if arguments.json:
        print_json(difference)
        return 0
    if difference.nearest is None:
        print("Nothing like it had been built.")
        return 0
    print(f"The nearest that was there is {plain(difference.nearest_name or difference.nearest)}.")
    for change in difference.changes:
        print(f"  {plain(change)}")
    return 0


def _named(text: str) -> tuple[str, str | None]:
    name, _, version = text.partition(":")
    return name, version or None


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "ls": _ls,
    "show": _show,
    "build": _build,
    "rm": _rm,
    "reclaim": _reclaim,
    "why": _why,
}
