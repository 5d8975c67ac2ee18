"""Runs: submitting, the queue, what they log and the files they keep."""

from __future__ import annotations

from typing import Any, Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.routes.base import RANGE_REPLY, WORKSPACE, Query, Route
from jupyter_mltrain.spec import Run, StateChange

_RUN: Final = WORKSPACE + "runs/{run}"
_LIMIT: Final = Query(name="limit", type="integer", about="How many, at most.")
_AFTER: Final = Query(name="after", about="`next_after` of the page before.")
_PREFIX: Final = Query(name="prefix", about="Only files whose names start so.")

OWN: Final = (
    Route(
        method="POST",
        path=WORKSPACE + "submit",
        about="Submit a script, a notebook or a cell; the run is on disk.",
        request=wire.SubmitForm,
        reply=Run,
        status=201,
        action="execute",
    ),
    Route(
        method="POST",
        path=WORKSPACE + "preview",
        about="What a submit would ship and what the checks say; nothing is changed.",
        request=wire.SubmitForm,
        reply=wire.Preview,
        action="write",
    ),
    Route(
        method="GET",
        path=WORKSPACE + "arguments",
        about="What a script of the file browser asks for on its command line.",
        reply=wire.ScriptArguments,
        query=(Query(name="path", about="The script, as the file browser names it."),),
    ),
)

FORWARDED: Final = (
    Route(
        method="GET",
        path=WORKSPACE + "experiments",
        about="Experiments with their number of runs.",
        reply=dict[str, int],
    ),
    Route(
        method="GET",
        path=WORKSPACE + "queue",
        about="Waiting runs in the order they will start.",
        reply=tuple[wire.QueueEntry, ...],
    ),
    Route(
        method="GET",
        path=WORKSPACE + "runs",
        about="Runs, newest first.",
        reply=wire.RunPage,
        query=(
            Query(name="limit", type="integer", about="How many, at most 100."),
            Query(name="before", type="integer", about="`next_before` of the page before."),
            Query(name="experiment", about="Only of this experiment."),
            Query(name="compute", about="Only on this compute target."),
            Query(name="text", about="Only with this text in name, experiment, script or id."),
            Query(name="parent", about="Only children of this run."),
            Query(name="children", about='"1" includes children.'),
            Query(name="state", about="Only in one of these states.", repeated=True),
            Query(name="tag", about="Only with these tags: `key` or `key=value`.", repeated=True),
        ),
    ),
    Route(method="GET", path=_RUN, about="One run.", reply=Run),
    Route(
        method="DELETE",
        path=_RUN,
        about="Delete an ended run with everything it kept; answers with what it was.",
        reply=Run,
        action="write",
    ),
    Route(
        method="GET",
        path=_RUN + "/history",
        about="Every state of the run with its reason, in order.",
        reply=tuple[StateChange, ...],
    ),
    Route(
        method="GET",
        path=_RUN + "/metrics",
        about="What the run has logged: name to value, list or columns.",
        reply=dict[str, Any],
        query=(Query(name="name", about="Only this metric."),),
    ),
    Route(
        method="POST",
        path=_RUN + "/cancel",
        about="Ask the run to end; that takes its time.",
        reply=Run,
        status=202,
        action="execute",
    ),
    Route(
        method="POST",
        path=_RUN + "/again",
        about="The same run once more, but for what is given.",
        request=wire.AgainRequest,
        reply=Run,
        status=201,
        action="execute",
    ),
    Route(
        method="POST",
        path=_RUN + "/tags",
        about="Set and remove tags.",
        request=wire.TagRequest,
        reply=Run,
        action="write",
    ),
    Route(
        method="POST",
        path=_RUN + "/properties",
        about="Add properties; one that is there already is refused.",
        request=wire.PropertyRequest,
        reply=Run,
        action="write",
    ),
    Route(
        method="POST",
        path=_RUN + "/priority",
        about="Move a waiting run in the queue.",
        request=wire.PriorityRequest,
        reply=Run,
        action="write",
    ),
    Route(
        method="GET",
        path=_RUN + "/files",
        about="The run's files by name, also while it runs.",
        reply=wire.FilePage,
        query=(_LIMIT, _AFTER, _PREFIX),
    ),
    Route(
        method="GET",
        path=_RUN + "/folder",
        about="One level of the run's files: folders first, then by name.",
        reply=wire.FolderPage,
        query=(Query(name="path", about="The folder; the top without it."), _AFTER, _LIMIT),
    ),
    Route(
        method="GET",
        path=_RUN + "/search",
        about="The next place in one of the run's files where a text, or an error, is.",
        reply=wire.LogMatch,
        query=(
            Query(name="log", about="Name of the file; what the run prints without it."),
            Query(name="text", about="What is looked for, whatever the case of its letters."),
            Query(name="what", about='"error": the first line that looks like one.'),
            Query(name="from", type="integer", about="Offset in bytes to start from."),
            Query(name="backwards", about='"1" looks towards the start.'),
        ),
    ),
    Route(
        method="GET",
        path=_RUN + "/snapshot",
        about="What was shipped with the run, by name.",
        reply=wire.SnapshotPage,
        query=(_LIMIT, _AFTER),
    ),
)

DOWNLOADS: Final = (
    Route(
        method="GET",
        path=_RUN + "/snapshot/{name}",
        about=f"A file that was shipped with the run. {RANGE_REPLY}",
    ),
    Route(
        method="GET",
        path=_RUN + "/files/{name}",
        about=f"One of the run's files, as it is now. {RANGE_REPLY}",
    ),
    Route(
        method="GET",
        path=_RUN + "/zip",
        about=f"The run's files in one archive. {RANGE_REPLY[:-1]} once the run has ended.",
        query=(_PREFIX,),
    ),
)

SOCKETS: Final = (
    Route(
        method="GET",
        path=_RUN + "/follow",
        about="WebSocket: the run as it goes. A `log` frame is followed by its bytes.",
        status=101,
        query=(
            Query(name="log", about="`NAME:OFFSET`: a file to follow.", repeated=True),
            Query(name="version", type="integer", about="Of the record at hand."),
            Query(name="metrics", type="integer", about="Offset in the journal to go on from."),
            Query(name="backlog", type="integer", about="Skip what is further back, in bytes."),
        ),
    ),
)
