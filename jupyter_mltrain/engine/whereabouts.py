"""Where this machine's Docker Engine is, as the ``docker`` command finds it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

_USUAL: Final = "/var/run/docker.sock"


def settings(url: str | None) -> dict[str, Any]:
    """What docker-py's client takes: `base_url`, and `tls` where the variables ask for it.

    References
    ----------
    docker(1), "Environment variables": DOCKER_HOST goes before DOCKER_CONTEXT, and that before
    the context chosen with ``docker context use``.
    """
    import docker

    variables = dict(os.environ)
    if url is not None:
        variables["DOCKER_HOST"] = url
    if variables.get("DOCKER_HOST"):
        if not variables["DOCKER_HOST"].startswith("tcp://"):
            return {"base_url": variables["DOCKER_HOST"]}
        found: dict[str, Any] = docker.utils.kwargs_from_env(environment=variables)
        return found
    context = _context()
    if context:
        return context
    return {"base_url": f"unix://{_socket()}"}


def _context() -> dict[str, Any]:
    """The chosen context's; empty for the default one."""
    from docker.context import ContextAPI

    name = os.environ.get("DOCKER_CONTEXT")
    context = ContextAPI.get_context(name) if name else ContextAPI.get_current_context()
    if context is None or context.Name == "default" or not context.Host:
        return {}
    return {"base_url": context.Host, **({"tls": context.TLSConfig} if context.TLSConfig else {})}


def _socket() -> Path:
    """The socket of the machine's engine, or of one that the user runs without root."""
    candidates = [Path(_USUAL), Path.home() / ".docker/run/docker.sock"]
    if own := os.environ.get("XDG_RUNTIME_DIR"):
        candidates += [Path(own, "docker.sock"), Path(own, "podman/podman.sock")]
    candidates.append(Path("/run/podman/podman.sock"))
    return next((path for path in candidates if _is_there(path)), candidates[0])


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False  # in somebody else's folder: not an engine for us
