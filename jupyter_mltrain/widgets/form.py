"""`TrainForm`: a run put together by hand, previewed, submitted, or copied as code."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ipywidgets as widgets
import msgspec
from IPython import get_ipython
from IPython.core.error import UsageError
from IPython.display import DisplayHandle, display

from jupyter_mltrain.core.run import Run
from jupyter_mltrain.errors import InvalidSpec, MltrainError
from jupyter_mltrain.magics import requests, session
from jupyter_mltrain.magics.commands import LAST_RUN
from jupyter_mltrain.magics.views import CardView
from jupyter_mltrain.magics.watching import accompany
from jupyter_mltrain.widgets import shown
from jupyter_mltrain.widgets.fields import CELL, FILE, IMAGE, PACKAGES, FormFields

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_mltrain.core.workspace import Workspace
    from jupyter_mltrain.spec import RunSpec
    from jupyter_mltrain.wire import SubmitRequest


_CODE_LINES: Final = 16


class TrainForm:
    """A form for one run after the other; the last value of a cell shows it.

    What goes wrong is a sentence in the form; nothing is raised at who fills it in.
    """

    def __init__(
        self,
        script: str | Path | None = None,
        *,
        cell: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        workspace: Workspace | None = None,
        **fields: Any,
    ) -> None:
        """Make the form, filled in as far as is given.

        Parameters
        ----------
        script
            A ``.py`` file or a notebook.
        cell
            Python to run, instead of a file.
        arguments
            Name -> value, of the script's arguments.
        workspace
            Where it submits to, by default where the magics do.
        fields
            Values of other fields: `experiment`, `name`, `environment` (a registered one, or the
            path of a Python), `image`, `packages`, `compute`, `cpus`, `gpus`, `memory`,
            `variables`, `tags` (dicts), `timeout`, `priority`, `retries`,
            `source`.

        Raises
        ------
        InvalidSpec
            There is no such field.
        """
        self.run: Run | None = None
        """The run submitted last."""
        self._given_workspace = workspace
        self._workspace = workspace or session.current()
        self._place: DisplayHandle | None = None
        self._stop: Callable[[], None] | None = None
        self.fields = FormFields()
        self.message = widgets.HTML()
        self.preview_button = widgets.Button(
            description="Preview", tooltip="What would travel, and what the checks say"
        )
        self.submit_button = widgets.Button(
            description="Submit", button_style="primary", tooltip="Submit the run"
        )
        self.code_button = widgets.Button(
            description="Copy as code", tooltip="The cell and the Python that submit the same"
        )
        self.cell_code = _code("As a cell")
        self.python_code = _code("As Python")
        self._codes = widgets.VBox(
            [self.cell_code, self.python_code], layout=widgets.Layout(display="none")
        )
        self.box = widgets.VBox(
            [
                *self.fields.laid_out(),
                widgets.HBox(
                    [self.submit_button, self.preview_button, self.code_button],
                    layout=widgets.Layout(flex_flow="row wrap"),
                ),
                self.message,
                self._codes,
            ]
        )
        with self._sentences():
            client = self._workspace.client
            self.fields.offer(client.computes())
            self.fields.offer_environments(each.name for each in client.environments())
        self._fill(script, cell, arguments or {}, fields)
        self.fields.script.observe(lambda change: self._ask_arguments(), names="value")
        self.fields.cell.observe(lambda change: self._ask_arguments(), names="value")
        self.fields.kind.observe(lambda change: self._ask_arguments(), names="value")
        self.submit_button.on_click(lambda button: self.submit())
        self.preview_button.on_click(lambda button: self.preview())
        self.code_button.on_click(lambda button: self.copy_as_code())

    def _fill(
        self,
        script: str | Path | None,
        cell: str | None,
        arguments: Mapping[str, Any],
        fields: Mapping[str, Any],
    ) -> None:
        if script is not None and cell is not None:
            raise InvalidSpec("A run is of a file or of a cell. Give one of them.")
        self.fields.script.value = str(script or "")
        self.fields.cell.value = cell or ""
        self.fields.kind.value = FILE if cell is None else CELL
        known = (
            *("experiment", "name", "environment", "image", "packages", "compute"),
            *("cpus", "gpus", "memory", "variables", "tags", "timeout", "priority", "retries"),
            "source",
        )
        for name, value in fields.items():
            if name not in known:
                raise InvalidSpec(f"The form has no field {name!r}. It has {', '.join(known)}.")
            if isinstance(value, Mapping):
                value = "\n".join(k if v is None else f"{k}={v}" for k, v in value.items())
            if name == "environment":
                self.fields.choose_environment(value)
            else:
                getattr(self.fields, name).value = value
        if fields.get("image") or fields.get("packages"):
            self.fields.choose_environment(IMAGE if fields.get("image") else PACKAGES)
        self._ask_arguments()
        with self._sentences():
            self.fields.arguments.fill(arguments)
        others = [
            name for name in arguments if name.lstrip("-") not in self.fields.arguments.names()
        ]
        if others:
            words = [
                word for name in others for word in (f"--{name.lstrip('-')}", str(arguments[name]))
            ]
            self.fields.arguments.more.value = shlex.join(words)

    # What the buttons do, for programs too

    def submit(self) -> Run | None:
        """Submit what is filled in; `None`, and a sentence in the form, if it cannot be."""
        submitted: Run | None = None
        self.submit_button.disabled = True
        with self._sentences(), self._requested() as (request, warnings):
            record = self._workspace.client.submit(request)
            self.run = submitted = Run.get(self._workspace, record.id)
            told = [f"Warning: {each}" for each in (*warnings, *record.warnings)]
            self.message.value = shown.sentences(
                [f"{record.label} is submitted."]
            ) + shown.sentences(told, "warning")
            shell = get_ipython()
            if shell is not None:
                shell.push({LAST_RUN: submitted}, interactive=False)
            self._show_card()
        self.submit_button.disabled = False
        return submitted

    def preview(self) -> None:
        """Show what would travel with the run, and what the checks say of it."""
        with self._sentences(), self._requested() as (request, warnings):
            found = self._workspace.client.preview(request)
            found = msgspec.structs.replace(found, warnings=(*warnings, *found.warnings))
            self.message.value = shown.preview(found)

    def copy_as_code(self) -> None:
        """Show the cell and the Python that submit what is filled in."""
        with self._sentences(), self._requested() as (request, _):
            draft = self._draft()
            self.cell_code.value = draft.as_cell()
            self.python_code.value = draft.as_python(request, self._workspace_code())
            for code in (self.cell_code, self.python_code):
                code.rows = min(_CODE_LINES, code.value.count("\n") + 2)
            self._codes.layout.display = None
            self.message.value = ""

    def request(self) -> SubmitRequest:
        """What a submit would send; values that a cell finds defined are left out.

        Raises
        ------
        UsageError, MltrainError
            Something that is filled in cannot be meant.
        """
        with self._requested() as (request, _):
            return msgspec.structs.replace(request, inputs={})

    @property
    def spec(self) -> RunSpec:
        """What would run; raises as `request` does."""
        return self.request().spec

    # How it gets there

    def _draft(self) -> Any:
        fields = self.fields
        typed = fields.script.value if fields.kind.value == FILE else None
        stem = Path(typed.strip()).stem if typed else None
        return fields.draft(requests.experiment(_notebook(), stem))

    @contextmanager
    def _requested(self) -> Iterator[tuple[SubmitRequest, list[str]]]:
        with self._draft().request(self._workspace.directory, _notebook()) as made:
            yield made

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Put what goes wrong into the form."""
        try:
            yield
        except MltrainError as error:
            self.message.value = shown.sentences([error.message], "alert")
        except (UsageError, OSError) as error:
            self.message.value = shown.sentences([str(error)], "alert")

    def _ask_arguments(self) -> None:
        """Look what the script asks for; one that is not there yet asks for nothing."""
        fields = self.fields
        with self._sentences():
            if fields.kind.value == CELL:
                found = self._workspace.client.arguments(text=fields.cell.value).arguments
            elif Path(fields.script.value.strip()).expanduser().is_file():
                path = Path(fields.script.value.strip()).expanduser().absolute()
                client = self._workspace.client
                found = client.arguments(directory=str(path.parent), script=path.name).arguments
            else:
                found = ()
            fields.arguments.ask(found)

    def _workspace_code(self) -> str:
        if self._given_workspace is None:
            return "Workspace.from_config()"
        return f"Workspace.at({str(self._workspace.directory)!r})"

    # Showing it

    def _ipython_display_(self) -> None:
        display(self.box)
        if self._place is None:
            self._place = DisplayHandle()
        # Where the run's card will be; until then it takes no room worth speaking of.
        self._place.display({"text/plain": ""}, raw=True)
        if self.run is not None:
            self._show_card()

    def _show_card(self) -> None:
        assert self.run is not None
        if self._stop is not None:
            self._stop()
        if self._place is not None:
            view = CardView(place=self._place)
            self._stop = accompany(self._workspace.client, self.run.record, view)

    def __repr__(self) -> str:
        what = self.fields.script.value if self.fields.kind.value == FILE else "a cell"
        return f"TrainForm({what!r})"


def _notebook() -> Mapping[str, Any]:
    """The notebook's variables; none outside of IPython."""
    shell = get_ipython()
    return {} if shell is None else dict(shell.user_ns)


def _code(description: str) -> Any:
    return widgets.Textarea(
        description=description,
        tooltip=f"{description}: select it all and copy it.",
        style={"description_width": "6em"},
        layout=widgets.Layout(width="auto", max_width="60em"),
    )
