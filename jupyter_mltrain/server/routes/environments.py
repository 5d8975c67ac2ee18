"""Environments, their builds, and what these take: interpreters, passwords of registries."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.routes.base import RANGE_REPLY, VERSION, WORKSPACE, Query, Route
from jupyter_mltrain.spec import Build, EnvironmentVersion

_ENVIRONMENTS: Final = WORKSPACE + "environments"
_ENVIRONMENT: Final = _ENVIRONMENTS + "/{environment}"
_BUILDS: Final = WORKSPACE + "builds"
_BUILD: Final = _BUILDS + "/{build}"

OWN: Final = (
    Route(
        method="GET",
        path="pythons",
        about="The Pythons of this machine that runs can use.",
        reply=tuple[wire.PythonInfo, ...],
    ),
    Route(
        method="POST",
        path=WORKSPACE + "describe",
        about="Register an environment that a form describes, as a new version unless it is there.",
        request=wire.EnvironmentForm,
        reply=EnvironmentVersion,
        status=201,
        action="write",
    ),
)

FORWARDED: Final = (
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
        query=(VERSION,),
    ),
    Route(
        method="DELETE",
        path=_ENVIRONMENT,
        about="Delete an environment, or one version; answers with what it was.",
        reply=wire.EnvironmentDetails,
        action="write",
        query=(VERSION,),
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
        path=WORKSPACE + "credentials",
        about="Keep a registry's password, or forget it; it is never given out again.",
        request=wire.CredentialsRequest,
        status=204,
        action="execute",
    ),
)

DOWNLOADS: Final = (
    Route(
        method="GET",
        path=_BUILD + "/log",
        about=f"What a build said, as far as it is. {RANGE_REPLY}",
    ),
)

SOCKETS: Final = (
    Route(
        method="GET",
        path=_BUILD + "/follow",
        about="WebSocket: the build as it goes. A `log` frame is followed by its bytes.",
        status=101,
        query=(Query(name="offset", type="integer", about="Where in its log to go on from."),),
    ),
)
