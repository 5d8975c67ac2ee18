"""``jupyter mltrain status``: the workspace, its service, who holds what and who waits."""

from __future__ import annotations

import argparse
import shutil
import socket
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from jupyter_mltrain import units, workspaces
from jupyter_mltrain.cli import table, terminal
from jupyter_mltrain.cli.listing import state_cell
from jupyter_mltrain.cli.session import client_of, print_json
from jupyter_mltrain.cli.terminal import plain
from jupyter_mltrain.client import Client
from jupyter_mltrain.core import words
from jupyter_mltrain.errors import WorkspaceError
from jupyter_mltrain.spec import ComputeStatus, Lease, Run
from jupyter_mltrain.wire import ServiceStatus


def run(arguments: argparse.Namespace) -> int:
    """Print it, or end the service."""
    if arguments.all:
        return _print_all(arguments)
    client = client_of(arguments)
    if arguments.stop:
        return _stop(arguments, client)
    service, computes, queue = client.status(), client.computes(), client.queue()
    free = shutil.disk_usage(client.directory).free
    if arguments.json:
        print_json(
            {"service": service, "computes": computes, "queue": queue, "disk_free_bytes": free}
        )
        return 0
    now = datetime.now(timezone.utc).astimezone()
    _print_service(service, free, now)
    for compute in computes:
        print()
        holders = {run_id: client.get(run_id) for run_id in compute.leases}
        _print_compute(compute, holders, now)
    if queue:
        print(f"\n{terminal.paint('Queue', terminal.BOLD)}")
        columns = (
            table.Column(title="", right=True),
            table.Column(title=""),
            table.Column(title=""),
        )
        rows = [
            [table.Cell(str(e.position)), table.Cell(e.label), table.Cell(e.reason)] for e in queue
        ]
        print("\n".join(table.lines(columns, rows, terminal.columns(), titled=False, indent="  ")))
    return 0


def _print_service(service: ServiceStatus, free: int, now: datetime) -> None:
    started = words.age(datetime.fromisoformat(service.started_at), now)
    directory = Path(service.workspace)
    print(f"{terminal.paint(plain(directory.name), terminal.BOLD)}  {plain(str(directory))}")
    print(f"Service {service.version}, process {service.pid}, started {started}")
    running = units.plural(service.running, "run")
    print(f"{running} running, {service.queued} queued, {units.size(free)} of disk free")
    if service.queue_paused:
        print(f"Nothing new starts: {plain(service.queue_paused)}")


def _print_compute(compute: ComputeStatus, holders: Mapping[str, Run], now: datetime) -> None:
    leases = compute.leases.values()
    capacity = compute.capacity
    parts = [
        f"{sum(lease.cpus for lease in leases)} of {units.plural(capacity.cpus, 'CPU')}",
        f"{units.size(sum(lease.memory_bytes for lease in leases))} of "
        f"{units.size(capacity.memory_bytes)} of memory",
    ]
    if capacity.gpus:
        held = sum(len(lease.gpus) for lease in leases)
        parts.append(f"{held} of {units.plural(len(capacity.gpus), 'GPU')}")
    print(f"{terminal.paint(compute.name, terminal.BOLD)}  {' · '.join(parts)} in use")
    if compute.unreachable is not None:
        print(f"  {plain(compute.unreachable)}")
    if compute.cluster is not None:
        nodes, most = len(compute.cluster.nodes), compute.cluster.spec.max_nodes
        why = f": {plain(compute.cluster.reason)}" if compute.cluster.reason else ""
        print(f"  {nodes} of {units.plural(most, 'node')}{why}")
    for gpu in capacity.gpus:
        holder = next((r for r, lease in compute.leases.items() if gpu.index in lease.gpus), None)
        who = plain(holders[holder].label) if holder else "free"
        print(f"  GPU {gpu.index}  {gpu.name}, {units.size(gpu.memory_bytes)}: {who}")
    rows = []
    for run_id, lease in compute.leases.items():
        holder_run = holders[run_id]
        state = state_cell(holder_run.state)
        time = units.duration(words.elapsed_s(holder_run, now))
        rows.append(
            [
                state,
                table.Cell(holder_run.label),
                table.Cell(time),
                table.Cell(_holds(lease)),
            ]
        )
    if rows:
        columns = [table.Column(title="", right=at == 2) for at in range(4)]
        print("\n".join(table.lines(columns, rows, terminal.columns(), titled=False, indent="  ")))


def _holds(lease: Lease) -> str:
    parts = [units.plural(lease.cpus, "CPU")]
    if lease.gpus:
        parts.append(f"GPU {', '.join(map(str, lease.gpus))}")
    if lease.memory_bytes:
        parts.append(units.size(lease.memory_bytes))
    return " · ".join(parts)


def _stop(arguments: argparse.Namespace, client: Client) -> int:
    if not _listens(client.directory):
        if arguments.json:
            print_json({"stopped": False})
        else:
            print(f"No service runs for {client.directory}.")
        return 0
    service = client.status()
    client.shutdown()
    if arguments.json:
        print_json({"stopped": True})
        return 0
    goes_on = f" {units.plural(service.running, 'run')} going on." if service.running else ""
    print(f"The service of {client.directory} ends.{goes_on} The next command starts it again.")
    return 0


def _print_all(arguments: argparse.Namespace) -> int:
    """List the workspaces; starts nothing."""
    found = []
    for workspace_id, text in workspaces.registered().items():
        directory = Path(text)
        if not (directory / "workspace.json").exists():
            continue  # deleted, or on a disk that is not there now
        found.append((workspace_id, directory, _listens(directory)))
    if arguments.json:
        print_json(
            [
                {"id": key, "name": path.name, "directory": str(path), "service": runs}
                for key, path, runs in found
            ]
        )
        return 0
    if not found:
        print("No workspaces yet. The first submit makes one.")
        return 0
    columns = (
        table.Column(title="NAME"),
        table.Column(title="SERVICE"),
        table.Column(title="DIRECTORY"),
    )
    rows = [
        [table.Cell(path.name), table.Cell("on" if runs else "off"), table.Cell(str(path))]
        for _, path, runs in found
    ]
    print("\n".join(table.lines(columns, rows, None)))
    return 0


def _listens(directory: Path) -> bool:
    """Whether a service answers there now."""
    try:
        endpoint = workspaces.endpoint(directory)
    except WorkspaceError:
        return False
    if endpoint is None:
        return False
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(endpoint.socket) == 0
