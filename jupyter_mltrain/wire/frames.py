"""What streams consist of."""

from __future__ import annotations

from jupyter_mltrain.spec import Build, Frozen, Run


class LogFrame(Frozen, frozen=True, kw_only=True, tag="log", tag_field="frame"):
    """In a follow stream: `size_bytes` raw bytes of `log`, from `offset`, come right after."""

    log: str
    offset: int
    size_bytes: int


class RunFrame(Frozen, frozen=True, kw_only=True, tag="run", tag_field="frame"):
    """In a follow stream: the run's record changed."""

    run: Run


class MetricPoint(Frozen, frozen=True, kw_only=True):
    """One value that a run has logged."""

    name: str
    column: str | None = None
    """Of a row or a table."""
    value: float | None = None
    """`None` for what is no finite number."""
    text: str | None = None
    """For what is no number; for an image, the name of its file."""
    image: bool = False
    step: float | None = None
    at: float
    """Unix seconds."""


class MetricsFrame(Frozen, frozen=True, kw_only=True, tag="metrics", tag_field="frame"):
    """In a follow stream: what was logged between two offsets of the run's journal.

    Of a long past only some points of each series come, the extremes among them.
    """

    offset: int
    next_offset: int
    points: tuple[MetricPoint, ...]


class ChangeFrame(Frozen, frozen=True, kw_only=True, tag="change", tag_field="frame"):
    """In the events stream: a run is new or its record has changed."""

    cursor: str
    run: Run


class DeletedFrame(Frozen, frozen=True, kw_only=True, tag="deleted", tag_field="frame"):
    """In the events stream: a run was deleted."""

    cursor: str
    run_id: str


class ResetFrame(Frozen, frozen=True, kw_only=True, tag="reset", tag_field="frame"):
    """In the events stream, first: what came before is unknown; look at everything anew."""

    cursor: str


class QueueFrame(Frozen, frozen=True, kw_only=True, tag="queue", tag_field="frame"):
    """In the events stream: one of these is another. Changes of runs tell of all the rest."""

    running: int
    queued: int
    paused: str | None = None


class EnvironmentsFrame(Frozen, frozen=True, kw_only=True, tag="environments", tag_field="frame"):
    """In the events stream: an environment, build, compute target, dataset or model is another."""


class BuildFrame(Frozen, frozen=True, kw_only=True, tag="build", tag_field="frame"):
    """In `GET /v1/builds/<id>/follow`: the build's record changed; a final one comes last.

    Its log comes as log frames of the name ``build.log``.
    """

    build: Build


class ServiceFrame(Frozen, frozen=True, kw_only=True, tag="service", tag_field="frame"):
    """In the events stream, from the Jupyter server: how the service is."""

    state: str
    """"up", "restarting" or "failed"."""
    message: str = ""


class ErrorFrame(Frozen, frozen=True, kw_only=True, tag="error", tag_field="frame"):
    """In a stream from the Jupyter server, last: why it cannot go on."""

    code: str
    message: str


class BeatFrame(Frozen, frozen=True, kw_only=True, tag="beat", tag_field="frame"):
    """In a follow stream: nothing happened for a while; the service is there."""
