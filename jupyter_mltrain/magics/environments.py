"""``%environments``: what runs can execute in, and making it ready."""

# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from __future__ import annotations

import argparse
from datetime import datetime, timezone
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments

from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.plainly import plainly
from jupyter_mltrain.magics.session import Session


@magics_class
class EnvironmentMagics(Magics):
    """The magics about environments, over the session of the others."""

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session

    @magic_arguments()
    @argument("--compute", metavar="NAME", default="local", help="For which compute target.")
    @argument(
        "--fresh", action="store_true", help="Build it with today's versions of all not pinned."
    )
    @argument(
        "words", metavar="build|show NAME[:VERSION]", nargs="*", help="What to do, and with which."
    )
    @line_magic
    def environments(self, line: str) -> None:
        """List the workspace's environments, show one, or build one before a run needs it.

        Examples::

            %environments
            %environments show sklearn
            %environments build sklearn:3
            %environments build sklearn --fresh --compute gpu-box
        """
        given = options.parse(self.environments, line)
        with plainly(self.shell):
            if not given.words:
                self._list()
                return
            action, *names = given.words
            if action not in ("build", "show") or len(names) != 1:
                raise UsageError(
                    "%environments lists them; `%environments show NAME` and `%environments build "
                    "NAME[:VERSION]` are about one."
                )
            if action == "show":
                self._show(names[0])
            else:
                self._build(names[0], given)

    def _list(self) -> None:
        from jupyter_mltrain.magics import environment_table

        found = self.session.workspace().client.environments()
        print(environment_table.table(found, datetime.now(timezone.utc)))

    def _show(self, named: str) -> None:
        from jupyter_mltrain.magics import environment_table

        name, _, version = named.partition(":")
        details = self.session.workspace().client.environment(name, version or None)
        print(environment_table.described(details, datetime.now(timezone.utc)))

    def _build(self, named: str, given: argparse.Namespace) -> None:
        from jupyter_mltrain.core.image_build import ImageBuildDetails
        from jupyter_mltrain.wire import BuildRequest

        workspace = self.session.workspace()
        request = BuildRequest(environment=named, compute=given.compute, fresh=given.fresh)
        build = ImageBuildDetails(workspace, workspace.client.build(request))
        try:
            build.wait_for_completion()
        except KeyboardInterrupt:
            print(f"Stopped watching; the build of {named} goes on. `%environments` lists it.")
