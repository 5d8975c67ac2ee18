"""The form's fields, and how they lie: stock widgets, one column that gets as narrow as it must."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import ipywidgets as widgets

from jupyter_mltrain.spec import ComputeStatus
from jupyter_mltrain.widgets.arguments import ArgumentFields, row
from jupyter_mltrain.widgets.draft import Draft

FILE: Final = "Script or notebook"
CELL: Final = "Cell"

_STYLE: Final = {"description_width": "10em"}
_OFFERED: Final = 50


class FormFields:
    """Everything that can be typed or chosen."""

    def __init__(self) -> None:
        self.kind = widgets.Dropdown(
            options=[FILE, CELL],
            description="Run a",
            tooltip="A .py file, a notebook, or a piece of Python.",
            style=_STYLE,
            layout=row(),
        )
        self.script = widgets.Combobox(
            description="File",
            placeholder="train.py",
            options=_scripts(),
            ensure_option=False,
            continuous_update=False,
            tooltip="Its folder travels with the run. A notebook is executed from top to bottom.",
            style=_STYLE,
            layout=row(),
        )
        self.cell = widgets.Textarea(
            description="Cell",
            placeholder="print('hello')",
            rows=6,
            continuous_update=False,
            tooltip="Python that runs as a %%train cell does, with the modules it imports.",
            style=_STYLE,
            layout=row(),
        )
        self.source = self._text("Source folder", "that of the file", "The folder that travels.")
        self.environment = widgets.Dropdown(
            description="Environment",
            options=[(f"this Python ({platform.python_version()})", "current")],
            tooltip=sys.executable,
            style=_STYLE,
            layout=row(),
        )
        self.experiment = self._text("Experiment", "the notebook's name", "The series of runs.")
        self.name = self._text("Name", "", "What the run is called in lists.")
        self.compute = widgets.Dropdown(
            description="Compute",
            options=["local"],
            tooltip="Where it runs.",
            style=_STYLE,
            layout=row(),
        )
        self.cpus = self._count("CPUs", "0 is the compute target's default share.")
        self.gpus = self._count("GPUs", "A run sees only the GPUs that it asks for.")
        self.memory = self._text("Memory", "not limited", "As in 512MB or 4GB.")
        self.arguments = ArgumentFields()
        self.variables = self._lines("Variables", "NAME=VALUE", "Environment variables.")
        self.tags = self._lines("Tags", "key=value", "One tag in each line.")
        self.timeout = self._text("Time limit", "30d", "As in 90s, 10m, 2h or 1d.")
        self.priority = widgets.IntText(
            description="Priority",
            tooltip="Higher leaves the queue first.",
            style=_STYLE,
            layout=row(),
        )
        self.kind.observe(lambda change: self._choose(), names="value")
        self._choose()

    def _text(self, description: str, placeholder: str, tooltip: str) -> Any:
        return widgets.Text(
            description=description,
            placeholder=placeholder,
            tooltip=tooltip,
            style=_STYLE,
            layout=row(),
        )

    def _lines(self, description: str, placeholder: str, tooltip: str) -> Any:
        return widgets.Textarea(
            description=description,
            placeholder=placeholder,
            tooltip=tooltip,
            rows=2,
            style=_STYLE,
            layout=row(),
        )

    def _count(self, description: str, tooltip: str) -> Any:
        return widgets.BoundedIntText(
            description=description, min=0, max=0, tooltip=tooltip, style=_STYLE, layout=row()
        )

    def _choose(self) -> None:
        is_cell = self.kind.value == CELL
        self.script.layout.display = "none" if is_cell else None
        self.cell.layout.display = None if is_cell else "none"

    def offer(self, computes: Iterable[ComputeStatus]) -> None:
        """Offer what the compute targets can give: no more of anything than they have."""
        self._computes = {each.name: each.capacity for each in computes}
        chosen = self.compute.value
        self.compute.options = list(self._computes)
        if chosen in self._computes:
            self.compute.value = chosen
        self.compute.observe(lambda change: self._bound(), names="value")
        self._bound()

    def _bound(self) -> None:
        capacity = self._computes[self.compute.value]
        self.cpus.max = capacity.cpus
        self.gpus.max = len(capacity.gpus)
        self.gpus.disabled = not capacity.gpus
        here = ", ".join(sorted({gpu.name for gpu in capacity.gpus}))
        self.gpus.tooltip = f"Of {len(capacity.gpus)}: {here}." if here else "There is none here."

    def laid_out(self) -> list[Any]:
        """The fields from top to bottom; those that are seldom needed are folded away."""
        rest = widgets.Accordion(
            children=[
                widgets.VBox([self.variables, self.tags, self.timeout, self.priority, self.source])
            ],
            titles=("Variables, tags, limits",),
            selected_index=None,
        )
        return [
            self.kind,
            self.script,
            self.cell,
            self.arguments.box,
            self.experiment,
            self.name,
            self.environment,
            self.compute,
            self.cpus,
            self.gpus,
            self.memory,
            rest,
        ]

    def draft(self, experiment: str) -> Draft:
        """What is typed, in the words of the magic's options.

        Parameters
        ----------
        experiment
            Where none is typed.

        Raises
        ------
        InvalidSpec
            An argument is missing or wrong.
        """
        given = self.arguments.given()
        return Draft(
            script=self.script.value.strip(),
            cell=self.cell.value if self.kind.value == CELL else None,
            source=self.source.value.strip(),
            experiment=self.experiment.value.strip() or experiment,
            name=self.name.value.strip(),
            compute=self.compute.value,
            cpus=self.cpus.value,
            gpus=self.gpus.value,
            memory=self.memory.value.strip(),
            timeout=self.timeout.value.strip(),
            priority=self.priority.value,
            named=given.named,
            rest=given.rest,
            variables=_filled(self.variables.value),
            tags=_filled(self.tags.value),
        )


def _filled(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _scripts() -> list[str]:
    """The scripts and notebooks beside the notebook, for a start."""
    try:
        names = sorted(each.name for each in Path.cwd().iterdir())
    except OSError:
        return []
    return [name for name in names if name.endswith((".py", ".ipynb")) and name[0] != "."][
        :_OFFERED
    ]
