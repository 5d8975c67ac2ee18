"""Many runs at once against ``xargs -P``, and the list when there have been many."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks import place
from benchmarks.figures import Figure, median_ms

_RUNS: Final = 1_000
_FINISHED: Final = 10_000
_PAGES: Final = 20
_PAGE_MS: Final = 50.0


def measure() -> list[Figure]:
    """Runs, then pages."""
    with place.workspace() as workspace:
        source = place.script(place.scratch() / "source", "")
        found = list(_runs(source, _RUNS))
        place.end_service(workspace)
        _fill(workspace)
        return [*found, *_pages()]


def _runs(source: Path, count: int) -> Iterator[Figure]:
    from jupyter_mltrain import Workspace

    client = Workspace.default().client
    places = client.computes()[0].capacity.cpus
    # Half before and half after: what else the machine does weighs on both alike.
    bare = _bare(source, count // 2, places)
    submitted, ended = _ours(source, count)
    bare += _bare(source, count - count // 2, places)
    states = {str(run.state) for run in client.iterate(experiment="throughput")}
    assert states == {"Completed"}, states
    yield Figure(
        name=f"{count:,} no-op runs, {places} at a time",
        bare=bare * 1e3,
        ours=ended * 1e3,
        unit="ms",
        target=2.0,
    )
    yield Figure(name=f"{count:,} no-op runs: all submitted", ours=submitted * 1e3, unit="ms")


def _bare(source: Path, count: int, places: int) -> float:
    start = time.perf_counter()
    subprocess.run(
        ["xargs", "-P", str(places), "-n", "1", sys.executable, "train.py"],
        input="\n".join(map(str, range(count))).encode(),
        cwd=source,
        check=True,
    )
    return time.perf_counter() - start


def _ours(source: Path, count: int) -> tuple[float, float]:
    """Seconds until all are submitted, and until all have ended."""
    from jupyter_mltrain import Experiment, ScriptRunConfig, Workspace
    from jupyter_mltrain.spec import Resources

    workspace = Workspace.default()
    experiment = Experiment(workspace, "throughput")
    config = ScriptRunConfig(source, "train.py", resources=Resources(cpus=1))
    start = time.perf_counter()
    runs = [experiment.submit(config) for _ in range(count)]
    submitted = time.perf_counter() - start
    runs[-1].wait_for_completion()
    while (status := workspace.client.status()).running or status.queued:
        time.sleep(0.01)
    return submitted, time.perf_counter() - start


def _fill(workspace: Path) -> None:
    """Copies of a finished run until there are enough, put straight into the store."""
    from jupyter_mltrain.store.database import Database
    from jupyter_mltrain.store.runs import RunStore

    database = Database(workspace / "store.sqlite")
    try:
        store = RunStore(database)
        (model,) = store.page(limit=1)
        for number in range(store.next_number(), _FINISHED + 1):
            store.insert(
                msgspec.structs.replace(
                    model,
                    id=f"{model.id}-{number}",
                    number=number,
                    spec=msgspec.structs.replace(
                        model.spec, experiment=f"experiment-{number % 20}", name=f"run-{number}"
                    ),
                    tags={"kind": f"kind-{number % 50}", "all": None},
                )
            )
    finally:
        database.close()


def _pages() -> Iterator[Figure]:
    from jupyter_mltrain import Workspace

    client = Workspace.default().client
    client.status()  # the service is warm
    filters: dict[str, dict[str, Any]] = {
        "newest": {},
        "before number 200": {"before": 200},
        "of an experiment": {"experiment": "experiment-7"},
        "of a state": {"state": "Completed"},
        "of a state that none has": {"state": "Failed"},
        "with a tag": {"tag": "kind=kind-7"},
        "with a tag that all have": {"tag": "all"},
        "whose name has a text": {"text": "run-77"},
        "whose name has a text that none has": {"text": "none such"},
    }
    for what, chosen in filters.items():
        seconds = [_timed(partial(client.list, limit=100, **chosen)) for _ in range(_PAGES)]
        yield Figure(
            name=f"{_FINISHED:,} runs, 100 of them: {what}",
            ours=median_ms(seconds),
            unit="ms",
            target=_PAGE_MS,
        )


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
