"""What goes wrong between us and an engine, in sentences with a next step."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator

from jupyter_mltrain.errors import ComputeTargetError, ComputeUnavailable, DiskFull, MltrainError

_START = (
    "Start Docker Desktop" if sys.platform == "darwin" else "Start it: sudo systemctl start docker"
)
_OR_WITHOUT = "Without an image the run is a process of this machine and needs no engine."


def in_our_words(error: Exception, url: str | None, said: str | None = None) -> MltrainError:
    """An error of docker-py, requests or the system as one of ours; ours as they are.

    Parameters
    ----------
    url
        Of the engine; `None` is this machine's own.
    said
        What the way to the engine, such as ssh, had to say.
    """
    if isinstance(error, MltrainError):
        return error
    import docker.errors

    where = _where(url)
    if isinstance(error, docker.errors.APIError):
        return _refusal(where, str(error.explanation or error).strip().rstrip("."))
    for cause in _causes(error):
        if isinstance(cause, PermissionError):
            return ComputeUnavailable(_forbidden(where, url))
        if isinstance(cause, FileNotFoundError | ConnectionRefusedError):
            return ComputeUnavailable(_not_running(where, url))
        if isinstance(cause, TimeoutError):
            return ComputeUnavailable(f"{where} does not answer in time. Look at its log.")
    if said is not None:
        return ComputeUnavailable(f"{where} cannot be reached: {said}.")
    return ComputeUnavailable(f"{where} does not answer: {_root(error)}.")


def _where(url: str | None) -> str:
    return "The Docker Engine" if url is None else f"The Docker Engine at {url}"


def _is_here(url: str | None) -> bool:
    return url is None or url.startswith(("unix://", "http+unix://"))


def _not_running(where: str, url: str | None) -> str:
    if _is_here(url):
        return f"{where} does not run. {_START}. {_OR_WITHOUT}"
    return f"{where} does not answer. Start it on that machine."


def _forbidden(where: str, url: str | None) -> str:
    if not _is_here(url):
        return f"{where} may not be used by that user. Add it to the group docker there."
    return (
        f"{where} may not be used by you. Join the group docker: "
        f"sudo usermod -aG docker {getpass.getuser()}, then log in again. {_OR_WITHOUT}"
    )


def _refusal(where: str, explanation: str) -> MltrainError:
    """What the engine itself says, in our words where we know better ones."""
    plain = explanation.lower()
    if "no space left on device" in plain:
        return DiskFull(
            f"The disk of {where[0].lower()}{where[1:]} is full. Make room there: "
            "`docker system prune` deletes what nothing uses."
        )
    if "could not select device driver" in plain or "unresolvable cdi devices" in plain:
        return ComputeTargetError(
            f"{where} cannot give GPUs to containers: it has no NVIDIA runtime. Install the NVIDIA "
            "Container Toolkit on its machine, or ask for no GPU."
        )
    return ComputeTargetError(f"{where} refuses: {explanation}.")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps, however it was wrapped."""
    front: list[BaseException] = [error]
    seen: set[int] = set()
    while front:
        cause = front.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
        front += [each for each in wrapped if isinstance(each, BaseException)]


def _root(error: Exception) -> str:
    """The innermost error's text, which is the one that says something."""
    texts = [str(cause) for cause in _causes(error) if str(cause)]
    return min(texts, key=len).strip().rstrip(".") if texts else type(error).__name__
