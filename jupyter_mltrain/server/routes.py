"""The table of what the extension answers: its handlers and ``docs/openapi.json`` come from it."""

from __future__ import annotations

from typing import Any, Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.route import Query, Route
from jupyter_mltrain.spec import Build, ComputeStatus, EnvironmentVersion, Run, StateChange

BASE: Final = "mltrain/api/"
"""Under the Jupyter server's own base URL."""

_WORKSPACE: Final = "workspaces/{workspace}/"
_RUN: Final = _WORKSPACE + "runs/{run}"
_ENVIRONMENTS: Final = _WORKSPACE + "environments"
_ENVIRONMENT: Final = _ENVIRONMENTS + "/{environment}"
_BUILDS: Final = _WORKSPACE + "builds"
_BUILD: Final = _BUILDS + "/{build}"

_LIMIT: Final = Query(name="limit", type="integer", about="How many, at most.")
_AFTER: Final = Query(name="after", about="`next_after` of the page before.")
_PREFIX: Final = Query(name="prefix", about="Only files whose names start so.")
_VERSION: Final = Query(name="version", about="Only this version; without it, all of them.")
_RANGE_REPLY: Final = "A byte range may be asked for."

FORWARDED: Final = (
    Route(
        method="GET",
        path=_WORKSPACE + "status",
        about="The service itself.",
        reply=wire.ServiceStatus,
    ),
    Route(
        method="GET",
        path=_WORKSPACE + "experiments",
        about="Experiments with their number of runs.",
        reply=dict[str, int],
    ),
    Route(
        method="GET",
        path=_WORKSPACE + "computes",
        about="Compute targets with who holds what.",
        reply=tuple[ComputeStatus, ...],
    ),
    Route(
        method="GET",
        path=_WORKSPACE + "queue",
        about="Waiting runs in the order they will start.",
        reply=tuple[wire.QueueEntry, ...],
    ),
    Route(
        method="GET",
        path=_WORKSPACE + "runs",
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
    Route(
        method="POST",
        path=_WORKSPACE + "computes",
        about="Attach a Docker Engine as a compute target.",
        request=wire.AttachRequest,
        reply=ComputeStatus,
        status=201,
        action="execute",
    ),
    Route(
        method="DELETE",
        path=_WORKSPACE + "computes/{compute}",
        about="Forget an engine, which itself stays as it is; answers with what it was.",
        reply=ComputeStatus,
        action="execute",
    ),
    Route(
        method="GET",
        path=_ENVIRONMENTS,
        about="Environments at a glance, by name.",
        reply=tuple[wire.EnvironmentSummary, ...],
    ),
    Route(
        method="POST",
        path=_ENVIRONMENTS,
        about="Register a definition; the same again is the version there is.",
        request=wire.EnvironmentRequest,
        reply=EnvironmentVersion,
        status=201,
        action="write",
    ),
    Route(
        method="POST",
        path=_ENVIRONMENTS + "/reclaim",
        about="Delete builds that nothing needs; they are made again when a run does.",
        request=wire.ReclaimRequest,
        reply=wire.ReclaimReport,
        action="write",
    ),
    Route(
        method="GET",
        path=_ENVIRONMENT,
        about="An environment with its versions, the latest first.",
        reply=wire.EnvironmentDetails,
        query=(_VERSION,),
    ),
    Route(
        method="DELETE",
        path=_ENVIRONMENT,
        about="Delete an environment, or one version; answers with what it was.",
        reply=wire.EnvironmentDetails,
        action="write",
        query=(_VERSION,),
    ),
    Route(
        method="GET",
        path=_BUILDS,
        about="Builds, the latest first.",
        reply=tuple[Build, ...],
        query=(Query(name="environment", about="Only of this one: `NAME` or `NAME:VERSION`."),),
    ),
    Route(
        method="POST",
        path=_BUILDS,
        about="Make an environment ready; goes on after the answer.",
        request=wire.BuildRequest,
        reply=Build,
        status=202,
        action="execute",
    ),
    Route(method="GET", path=_BUILD, about="One build.", reply=Build),
    Route(
        method="DELETE",
        path=_BUILD,
        about="Delete what was built; answers with what it was.",
        reply=Build,
        action="write",
    ),
    Route(
        method="POST",
        path=_BUILD + "/cancel",
        about="Ask the build to end; nothing half built is left.",
        reply=Build,
        status=202,
        action="execute",
    ),
    Route(
        method="GET",
        path=_BUILD + "/difference",
        about="Why it was not there already: what differs from the nearest one that was.",
        reply=wire.Difference,
    ),
    Route(
        method="PUT",
        path=_WORKSPACE + "credentials",
        about="Keep a registry's password, or forget it; it is never given out again.",
        request=wire.CredentialsRequest,
        status=204,
        action="execute",
    ),
)
"""Answered by the workspace's service as they are: same bodies, query and status."""

DOWNLOADS: Final = (
    Route(
        method="GET",
        path=_RUN + "/snapshot/{name}",
        about=f"A file that was shipped with the run. {_RANGE_REPLY}",
    ),
    Route(
        method="GET",
        path=_RUN + "/files/{name}",
        about=f"One of the run's files, as it is now. {_RANGE_REPLY}",
    ),
    Route(
        method="GET",
        path=_RUN + "/zip",
        about=f"The run's files in one archive. {_RANGE_REPLY[:-1]} once the run has ended.",
        query=(_PREFIX,),
    ),
    Route(
        method="GET",
        path=_BUILD + "/log",
        about=f"What a build said, as far as it is. {_RANGE_REPLY}",
    ),
)
"""Bytes of the service's, saved under a name. `HEAD` is answered as well."""

OWN: Final = (
    Route(
        method="GET",
        path="workspaces",
        about="The user's workspaces, the default one first.",
        reply=wire.ServerInfo,
    ),
    Route(
        method="GET",
        path="pythons",
        about="The Pythons of this machine that runs can use.",
        reply=tuple[wire.PythonInfo, ...],
    ),
    Route(
        method="POST",
        path=_WORKSPACE + "submit",
        about="Submit a script, a notebook or a cell; the run is on disk.",
        request=wire.SubmitForm,
        reply=Run,
        status=201,
        action="execute",
    ),
    Route(
        method="POST",
        path=_WORKSPACE + "preview",
        about="What a submit would ship and what the checks say; nothing is changed.",
        request=wire.SubmitForm,
        reply=wire.Preview,
        action="write",
    ),
    Route(
        method="POST",
        path=_WORKSPACE + "describe",
        about="Register an environment that a form describes, as a new version unless it is there.",
        request=wire.EnvironmentForm,
        reply=EnvironmentVersion,
        status=201,
        action="write",
    ),
    Route(
        method="GET",
        path=_WORKSPACE + "arguments",
        about="What a script of the file browser asks for on its command line.",
        reply=wire.ScriptArguments,
        query=(Query(name="path", about="The script, as the file browser names it."),),
    ),
)
"""Answered by the Jupyter server, with the service's help."""

SOCKETS: Final = (
    Route(
        method="GET",
        path=_WORKSPACE + "events",
        about="WebSocket: every change of runs, queue and environments, and how the service is.",
        status=101,
        query=(Query(name="since", about="The last cursor; without it a `reset` comes first."),),
    ),
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
    Route(
        method="GET",
        path=_BUILD + "/follow",
        about="WebSocket: the build as it goes. A `log` frame is followed by its bytes.",
        status=101,
        query=(Query(name="offset", type="integer", about="Where in its log to go on from."),),
    ),
)

ALL: Final = OWN + FORWARDED + DOWNLOADS + SOCKETS
