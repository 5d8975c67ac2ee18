"""What goes wrong between us and an engine, in sentences with a next step."""

from __future__ import annotations

from jupyter_mltrain.errors import ComputeTargetError, ComputeUnavailable, MltrainError


def in_our_words(error: Exception, url: str | None) -> MltrainError:
    """An error of docker-py, requests or the system as one of ours; ours as they are."""
    if isinstance(error, MltrainError):
        return error
    import docker.errors

    where = f"The Docker Engine at {url}" if url else "The Docker Engine"
    if isinstance(error, docker.errors.APIError):
        return ComputeTargetError(f"{where} refuses: {error.explanation}.")
    return ComputeUnavailable(f"{where} does not answer: {error}.")
