"""Executes a notebook as a run: its outputs appear live, and it is saved after every cell."""

import asyncio
import os
import signal
import sys

from . import notices, parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List


def main(arguments: "List[str]") -> None:
    """Execute the notebook that is named first, with the rest as its parameters.

    Ends the process: with 1 when a cell fails, with what `sys.exit` was given in a cell, by the
    signal that asked it to end.
    """
    try:
        from . import notebook_file, notebook_kernel
    except ImportError as error:
        sys.exit(
            "The notebook cannot run: {} does not have {}. Install what executes notebooks there: "
            "pip install nbclient ipykernel".format(sys.executable, error.name or error)
        )
    path = arguments[0]
    try:
        values = parameters.read(arguments[1:])
        notebook = notebook_file.read(path)
    except (ValueError, OSError) as error:
        sys.exit("The notebook cannot run: {}".format(error))
    notebook_file.inject(notebook, values)
    target = Target(notebook, path, notebook_file.text_of)
    kernel = notebook_kernel.Kernel(notebook, os.path.dirname(path), target.save)
    execution = Execution(notebook, kernel, target)
    # Only Pythons that nbclient runs on get here: 3.7 and later.
    asyncio.run(execution.run())  # novm
    execution.end()


class Target:
    """Where the executed notebook is kept."""

    def __init__(self, notebook: "Any", path: str, text_of: "Any") -> None:
        self._notebook = notebook
        self._text_of = text_of
        self._name = os.path.basename(path)
        self.path = os.path.join("outputs", self._name)

    def save(self) -> bool:
        """Write the notebook as it is, whole at any moment; tells whether it is written."""
        partial = os.path.join("outputs", ".{}.part".format(self._name))
        try:
            os.makedirs("outputs", exist_ok=True)
            with open(partial, "w", encoding="utf-8") as file:
                file.write(self._text_of(self._notebook))
            os.replace(partial, self.path)
        except OSError as error:
            notices.say_once(
                "notebook",
                "The notebook cannot be saved to {}: {}.".format(self.path, notices.reason(error)),
            )
            return False
        return True


class Execution:
    """One notebook on its way from the first cell to the last."""

    def __init__(self, notebook: "Any", kernel: "Any", target: Target) -> None:
        self._notebook = notebook
        self._kernel = kernel
        self._target = target
        self._status = 0
        self._signal = 0

    async def run(self) -> None:
        """Execute the cells; whatever happens, the notebook is saved and the kernel gone."""
        loop = asyncio.get_event_loop()
        cells = loop.create_task(self._all())

        def stop(number: int) -> None:
            self._signal = number
            cells.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)
        try:
            await cells
        except asyncio.CancelledError:
            if not self._signal:
                raise
        finally:
            saved = self._target.save()
            await self._kernel.close()
        if not saved and not self._status:
            self._status = 1

    async def _all(self) -> None:
        from .notebook_kernel import Failed, Stopped, executed
        from .notebook_output import heading

        waiting = [each for each in enumerate(self._notebook.cells) if executed(each[1])]
        try:
            await self._kernel.start()
            for number, (index, cell) in enumerate(waiting, 1):
                print(heading(cell, number, len(waiting)), flush=True)
                await self._kernel.execute(index, cell, number, len(waiting))
                self._target.save()
        except Stopped as stopped:
            self._status = stopped.status
        except Failed as failed:
            # On a cancel the kernel may be gone before this process has heard of it.
            if not self._signal:
                print(failed, flush=True)
                self._status = 1

    def end(self) -> None:
        """End the process with its exit status, or by the signal that asked for it."""
        if self._signal:
            print("Stopped; {} has what was done.".format(self._target.path), flush=True)
            signal.signal(self._signal, signal.SIG_DFL)
            os.kill(os.getpid(), self._signal)
        sys.exit(self._status)
