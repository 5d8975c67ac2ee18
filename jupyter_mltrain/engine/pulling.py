"""Pulls images, with progress in few lines and a sentence for each way in which it fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jupyter_mltrain import units
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.engine.images import near
from jupyter_mltrain.engine.problems import in_our_words
from jupyter_mltrain.engine.references import HUB, registry_of, repository_of
from jupyter_mltrain.engine.streaming import Exchange, until_done
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import Frozen

if TYPE_CHECKING:
    import docker

_EVERY_S: Final = 0.5
"""Between two words on how much is there already."""

Say = Callable[[str], None]
"""Takes text for the log, the ends of lines included."""


class Login(Frozen, frozen=True, kw_only=True):
    """The user of a registry. Lives as long as a request."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.username!r})"


async def pull(
    engine: Engine, reference: str, *, platform: str | None, login: Login | None, say: Say
) -> None:
    """Pull an image; cancelled, it is given up.

    Raises
    ------
    EnvironmentFailed
        There is no such image, or the registry refuses or cannot be reached; a sentence for each.
    DiskFull
        The engine's disk is full.
    """
    exchange, progress = Exchange(), Progress(say)

    def work() -> None:
        engine.do(lambda client: _pull(client, reference, platform, login, exchange, progress))

    await until_done(engine.in_thread(work), exchange.hang_up)


def _pull(
    client: docker.APIClient,
    reference: str,
    platform: str | None,
    login: Login | None,
    exchange: Exchange,
    progress: Progress,
) -> None:
    import docker.errors

    repository = repository_of(reference)
    rest = reference[len(repository) + 1 :] or "latest"
    # A digest goes into the tag, and a tag beside a digest says nothing.
    params = {"fromImage": repository, "tag": rest.rpartition("@")[2] if "@" in rest else rest}
    if platform is not None:
        params["platform"] = platform
    registry, problem = registry_of(reference), ""
    try:
        headers = {"X-Registry-Auth": header} if (header := _auth(client, registry, login)) else {}
        for message in exchange.messages(client, "/images/create", params=params, headers=headers):
            problem = str(message.get("error") or problem)
            progress.heard(message)
    except docker.errors.APIError as error:
        problem = str(error.explanation or error)
    if problem:
        raise refusal(client, reference, problem, login)


def _auth(client: docker.APIClient, registry: str, login: Login | None) -> str | None:
    """The header for a registry: of that user, else by docker's own config and helpers."""
    import docker.auth
    import docker.errors

    try:
        found = (
            docker.auth.encode_header({"username": login.username, "password": login.password})
            if login is not None
            else docker.auth.get_config_header(client, registry)
        )
    except docker.errors.DockerException as error:
        raise EnvironmentFailed(
            f"Docker's credential helper for {registry} fails: {error}. Try `docker login "
            f"{registry}` in a terminal, or correct the file config.json in the folder .docker."
        ) from error
    return found.decode() if found else None


_WRONG_LOGIN: Final = ("unauthorized", "authentication required", "no basic auth", "denied")
_NO_IMAGE: Final = ("manifest unknown", "not found", "name unknown", "does not exist")
_NO_WAY: Final = (
    *("dial tcp", "no such host", "connection refused", "timeout", "deadline exceeded", "x509"),
    *("tls:", "eof", "http response to https", "no route", "unreachable", "proxyconnect"),
)


def refusal(
    client: docker.APIClient, reference: str, problem: str, login: Login | None
) -> Exception:
    """What an engine says when it cannot pull, in a sentence of its own."""
    registry, plain = registry_of(reference), problem.lower()
    if "no space left on device" in plain:
        import docker.errors

        return in_our_words(docker.errors.APIError(problem, explanation=problem), None)
    names = [f"`{name}`" for name in near(client, reference)]
    hint = f" Did you mean {' or '.join(names)}?" if names else ""
    if "no matching manifest" in plain or "does not match the specified platform" in plain:
        return EnvironmentFailed(
            f"Image `{reference}` is not there for this kind of processor: {problem}. Choose one "
            "that is, or name its platform, as in linux/amd64."
        )
    if any(word in plain for word in _NO_WAY):
        return EnvironmentFailed(
            f"Image `{reference}` is not on this engine, and the registry {registry} cannot be "
            f"reached: {_cause(problem)}.{hint or ' Check its address, and the network.'}"
        )
    hub = registry == HUB and login is None
    if any(word in plain for word in _WRONG_LOGIN) and not hub:
        if login is not None:
            return EnvironmentFailed(
                f"The registry {registry} refuses user {login.username!r} for image "
                f"`{reference}`: wrong password, or no right to it. Set the password again."
            )
        return EnvironmentFailed(
            f"The registry {registry} wants a user and a password for image `{reference}`. Set "
            "base_image_registry of the environment, or use `docker login "
            f"{registry}` in a terminal."
        )
    if hub or any(word in plain for word in _NO_IMAGE):
        return EnvironmentFailed(
            f"Image `{reference}` is not on this engine and the registry doesn't have it."
            f"{hint or ' Check its name and its tag.'}"
        )
    return EnvironmentFailed(f"Image `{reference}` cannot be pulled: {problem.rstrip('.')}.{hint}")


def _cause(problem: str) -> str:
    """The last part of a chain of errors, which is where it began; no query of a URL."""
    parts = re.sub(r" on [\d.:\[\]a-f]+:53\b", "", problem).rstrip(".").split(": ")
    return ": ".join(parts[-2:]) if len(parts[-1]) < 25 else parts[-1]


class Progress:
    """Puts what an engine says while it pulls into lines, few enough to be read."""

    def __init__(self, say: Say, now: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now = now
        self._layers: dict[str, tuple[int, int]] = {}
        self._known: set[str] = set()
        self._said_at = now()
        self._said = ""

    def heard(self, message: Mapping[str, Any]) -> None:
        """Take one message of the engine's."""
        status, layer = str(message.get("status") or ""), str(message.get("id") or "")
        detail = message.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self._layers[layer] = (int(detail.get("current") or 0), int(detail["total"]))
            if self._now() - self._said_at >= _EVERY_S:
                self._tell()
        elif status == "Download complete" and layer in self._layers:
            total = self._layers[layer][1]
            self._layers[layer] = (total, total)
            if all(done == all_ for done, all_ in self._layers.values()):
                self._tell()
        elif status == "Already exists":
            self._known.add(layer)
        elif status.startswith("Pulling from"):
            self._say(f"Pulling {layer} of {status.removeprefix('Pulling from ')}\n")
        elif status.startswith("Digest: "):
            if self._known:
                self._say(f"{units.plural(len(self._known), 'layer')} already here\n")
            self._say(f"{status}\n")

    def _tell(self) -> None:
        done = sum(part for part, _ in self._layers.values())
        total = sum(whole for _, whole in self._layers.values())
        line = f"{units.size(done)} of {units.size(total)} in {_layers(len(self._layers))}\n"
        self._said_at = self._now()
        if line != self._said:
            self._said = line
            self._say(line)


def _layers(count: int) -> str:
    return units.plural(count, "layer")
