"""What only the page and the Jupyter server say to each other."""

from __future__ import annotations

from collections.abc import Mapping

from jupyter_mltrain.spec import Frozen, Resources, Run, RunFile


class WorkspaceInfo(Frozen, frozen=True, kw_only=True):
    """One workspace of this user."""

    id: str
    name: str
    directory: str
    default: bool = False
    there: bool = True
    """Whether its folder still is where it was."""


class ServerInfo(Frozen, frozen=True, kw_only=True):
    """`GET mltrain/api/workspaces`: what the Jupyter server can offer."""

    version: str
    workspaces: tuple[WorkspaceInfo, ...]


class PythonInfo(Frozen, frozen=True, kw_only=True):
    """An interpreter of this machine that runs can use."""

    name: str
    interpreter: str
    version: str
    default: bool = False


class SubmitForm(Frozen, frozen=True, kw_only=True):
    """`POST mltrain/api/workspaces/<ws>/submit` and `/preview`: a run in the words of a page.

    Paths are those of the file browser; they never leave Jupyter's root folder.
    """

    path: str | None = None
    """The script or notebook. Either this or `code`."""
    code: str | None = None
    """The text of a cell; runs in the folder `source`."""
    source: str | None = None
    """The folder that travels; by default the script's own."""
    experiment: str | None = None
    name: str | None = None
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = {}
    tags: Mapping[str, str | None] = {}
    interpreter: str | None = None
    """Absolute path of a Python; `None` is the Jupyter server's own."""
    environment: str | None = None
    """A registered environment, ``NAME`` or ``NAME:VERSION``."""
    image: str | None = None
    """An image, as in ``--image``; the packages below are installed into it."""
    packages: tuple[str, ...] = ()
    """Requirements, as in ``--pip``."""
    compute: str = "local"
    resources: Resources = Resources()
    timeout_s: float | None = None
    priority: int = 0
    retries: int = 0
    force: bool = False
    request_id: str | None = None


class EnvironmentForm(Frozen, frozen=True, kw_only=True):
    """`POST mltrain/api/workspaces/<ws>/describe`: an environment in the words of a page.

    An image, or a Dockerfile, or packages for a Python of this machine; packages may come on top of
    the first two.
    """

    name: str
    python: str | None = None
    """Version, as in ``3.11``."""
    pip: str | None = None
    """Text of a requirements file."""
    conda: str | None = None
    """Text of a conda specification; says the version of Python itself."""
    image: str | None = None
    dockerfile: str | None = None
    """Text of a Dockerfile."""
    context: str | None = None
    """Path, in the file browser, of the folder that the Dockerfile copies from."""
    snapshot: str | None = None
    """Instead of `context`: the folder as an earlier version has it."""
    registry: str | None = None
    username: str | None = None
    """Its password comes with `PUT …/credentials`."""
    platform: str | None = None
    interpreter: str | None = None
    """Command or path of a Python in the image."""
    shm_bytes: int | None = None
    arguments: tuple[str, ...] = ()
    """Words of further options of ``docker run``."""
    variables: Mapping[str, str] = {}


class RunCard(Frozen, frozen=True, kw_only=True):
    """``application/vnd.jupyter-mltrain.run+json``: what a cell's output says of its run.

    The page shows the run itself; this is for when it is gone. Its output is in the
    ``text/plain`` beside it.
    """

    version: int = 1
    workspace_id: str
    run: Run
    files: tuple[RunFile, ...] = ()
    """Of an ended run: some of what it kept."""
