"""The kernel that a notebook's run executes its cells in, over the user's own nbclient.

The lines that `Failed` carries are read back by the service's `explain`.
"""

import os
import re
import shutil
import signal
import sys
import tempfile
import time

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from . import notebook_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

_START_S = 120
_OUTPUT_S = 600
"""How long the outputs of a cell that has ended are waited for: the disk may be slow."""

_SAVE_S = 30.0
"""A cell that goes on is saved this often, when it has something new to show."""

_SKIPPED = "skip-execution"
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_LINE = r"(?:Cell|Input) In ?\[{}\],? (?:line (\d+)|in <cell line: (\d+)>)"


class Stopped(Exception):
    """A cell has ended the notebook on purpose."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Failed(Exception):
    """A cell failed, or took its kernel with it; the text is the last line of the output."""


class _ThisPython(KernelSpecManager):
    """Knows one kernel: the interpreter of the run, whatever kernels the user has installed."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        frozen = ["-Xfrozen_modules=off"] if sys.version_info >= (3, 11) else []
        module = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(
            argv=[sys.executable] + frozen + module, display_name="Python 3", language="python"
        )


class _Manager(AsyncKernelManager):
    """Lets any number of messages wait: beyond the usual 1,000 a kernel drops them silently."""

    def client(self, **kwargs: "Any") -> "Any":
        found = super().client(**kwargs)
        found.context.setsockopt(zmq.RCVHWM, 0)
        return found


class _Client(NotebookClient):
    """Shows what comes from the kernel when it comes."""

    shown: "Callable[[], None]"

    def process_message(self, msg: "Any", cell: "Any", cell_index: int) -> "Any":
        notebook_output.show(msg)
        try:
            return super().process_message(msg, cell, cell_index)
        finally:
            self.shown()

    def output(self, outs: "Any", msg: "Any", display_id: "Any", cell_index: int) -> "Any":
        added = super().output(outs, msg, display_id, cell_index)
        notebook_output.join_last(outs)
        return added


class Kernel:
    """One kernel for one notebook."""

    def __init__(self, notebook: "Any", folder: str, save: "Callable[[], Any]") -> None:
        """Prepare; `folder` is the notebook's, whose modules it can import."""
        # Sockets in a folder of our own: ports could be taken by another run in between.
        self._place = tempfile.mkdtemp(prefix="mltrain-")
        if folder:
            _add_to_path(os.path.abspath(folder))
        self._save = save
        self._saved_at = time.monotonic()
        self._left = False
        self._manager = _Manager(
            kernel_name="python3",
            kernel_spec_manager=_ThisPython(),
            transport="ipc",
            connection_file=os.path.join(self._place, "kernel.json"),
        )
        self._client = _Client(
            notebook,
            km=self._manager,
            timeout=None,
            startup_timeout=_START_S,
            iopub_timeout=_OUTPUT_S,
            skip_cells_with_tag=_SKIPPED,
            on_cell_executed=self._look_for_exit,
        )
        self._client.shown = self._save_now_and_then

    async def start(self) -> None:
        """Start the kernel; raises `Failed` when it does not answer."""
        os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # or a debugger warns into the output
        try:
            await self._client.async_start_new_kernel()
            await self._client.async_start_new_kernel_client()
        except (RuntimeError, OSError) as error:
            raise Failed(
                "The notebook's kernel did not start: {}".format(str(error).rstrip("."))
            ) from error

    async def execute(self, index: int, cell: "Any", number: int, total: int) -> None:
        """Execute one cell, the `number`-th of `total`.

        Raises
        ------
        Failed
            The cell raised an exception, or the kernel is gone.
        Stopped
            It called `sys.exit` or `exit`.
        """
        name = "Cell {} of {}".format(number, total)
        try:
            await self._client.async_execute_cell(cell, index, execution_count=number)
        except CellExecutionError as error:
            if error.ename == "SystemExit":
                raise Stopped(_status(error.evalue)) from error
            at = _line_of(cell, number)
            said = "\n".join(filter(None, (error.evalue or "").splitlines()[:1]))
            raise Failed(
                "{} failed{}: {}".format(
                    name,
                    " at line {}".format(at) if at else "",
                    "{}: {}".format(error.ename, said) if said else error.ename,
                )
            ) from error
        except DeadKernelError as error:
            raise Failed("{} ended the kernel: {}".format(name, await self._end())) from error
        if self._left:
            raise Stopped(0)

    def _look_for_exit(self, cell: "Any", cell_index: int, execute_reply: "Any") -> None:
        """Notice a cell that called `exit` or `quit`: a kernel takes it for a wish."""
        payload = execute_reply["content"].get("payload") or []
        self._left = any(each.get("source") == "ask_exit" for each in payload)

    async def _end(self) -> str:
        """How the kernel's process has ended, as far as that can be known."""
        provisioner = getattr(self._manager, "provisioner", None)
        status = await provisioner.poll() if provisioner is not None else None
        if status is None:
            return "it does not answer"
        if status >= 0:
            return "exit status {}".format(status)
        try:
            return signal.Signals(-status).name
        except ValueError:
            return "signal {}".format(-status)

    async def close(self) -> None:
        """End the kernel, if there is one, and forget its sockets."""
        try:
            client = self._client.kc
            if client is not None:
                client.stop_channels()
            if self._manager.has_kernel:
                await self._manager.shutdown_kernel(now=True)
        finally:
            shutil.rmtree(self._place, ignore_errors=True)

    def _save_now_and_then(self) -> None:
        if time.monotonic() - self._saved_at > _SAVE_S:
            self._save()
            self._saved_at = time.monotonic()


def executed(cell: "Any") -> bool:
    """Whether a cell is one that is executed."""
    return (
        cell.cell_type == "code"
        and bool(cell.source.strip())
        and _SKIPPED not in cell.metadata.get("tags", [])
    )


def _status(text: "Optional[str]") -> int:
    """The exit status that `sys.exit` means by what it was given."""
    if text in (None, "", "0", "None", "False"):
        return 0
    return int(text) & 0xFF if str(text).isdigit() else 1


def _line_of(cell: "Any", number: int) -> "Optional[int]":
    """The line of the cell that its traceback ends at, if it shows one."""
    for output in cell.outputs:
        if output.output_type == "error":
            text = _ESCAPES.sub("", "\n".join(output.get("traceback", [])))
            found = re.findall(_LINE.format(number), text)
            return int("".join(found[-1])) if found else None
    return None


def _add_to_path(folder: str) -> None:
    """Let the kernel import from a folder, after what is ours."""
    ours, _, rest = os.environ.get("PYTHONPATH", "").partition(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (ours, folder, rest)))
