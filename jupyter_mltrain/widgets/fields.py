"""The form's fields, and how they lie: stock widgets, one column that gets as narrow as it must."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import ipywidgets as widgets

from jupyter_mltrain.core.pythons import absolute, interpreter_of
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import ComputeStatus
from jupyter_mltrain.widgets.arguments import ArgumentFields, row
from jupyter_mltrain.widgets.draft import Draft

FILE: Final = "Script or notebook"
CELL: Final = "Cell"

THIS: Final = "current"
IMAGE: Final = "an image…"
PACKAGES: Final = "packages…"

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
            options=[(f"this Python ({platform.python_version()})", THIS)],
            tooltip="A Python of this machine, a registered environment, an image, or packages.",
            style=_STYLE,
            layout=row(),
        )
        self._pythons = _pythons()
        self.image = self._text("Image", "pytorch/pytorch:2.8.0", "A container image.")
        self.packages = self._text(
            "Packages", "torch pandas>=2", "What pip calls them; installed once, then kept."
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
        self.retries = self._count("Retries", "Started again so often if it fails.", 100)
        for chosen in (self.kind, self.environment):
            chosen.observe(lambda change: self._choose(), names="value")
        self.offer_environments(())
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

    def _count(self, description: str, tooltip: str, most: int = 0) -> Any:
        return widgets.BoundedIntText(
            description=description, min=0, max=most, tooltip=tooltip, style=_STYLE, layout=row()
        )

    def _choose(self) -> None:
        is_cell = self.kind.value == CELL
        self.script.layout.display = "none" if is_cell else None
        self.cell.layout.display = None if is_cell else "none"
        where = self.environment.value
        self.image.layout.display = None if where == IMAGE else "none"
        self.packages.layout.display = None if where in (IMAGE, PACKAGES) else "none"

    def offer_environments(self, names: Iterable[str]) -> None:
        """Offer the registered environments besides what there always is."""
        chosen = self.environment.value
        first = self.environment.options[0]
        self.environment.options = [
            first,
            *((f"{name} ({path})", path) for path, name in self._pythons.items()),
            *((name, name) for name in names),
            (IMAGE, IMAGE),
            (PACKAGES, PACKAGES),
        ]
        self.choose_environment(chosen)

    def choose_environment(self, value: str) -> None:
        """Choose an environment, also a version of one or a Python that was not offered."""
        if value not in [offered for _, offered in self.environment.options]:
            self.environment.options = [*self.environment.options, (value, value)]
        self.environment.value = value

    def offer(self, computes: Iterable[ComputeStatus]) -> None:
        """Offer what the compute targets can give: no more of anything than they have."""
        self._computes = {each.name: each.for_one_run for each in computes}
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
                widgets.VBox(
                    [
                        *(self.variables, self.tags, self.timeout, self.priority, self.retries),
                        self.source,
                    ]
                )
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
            self.image,
            self.packages,
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
            An argument is missing or wrong, or what it runs in is not named.
        """
        given = self.arguments.given()
        where = self.environment.value
        is_path = where.startswith("/")
        image = self.image.value.strip() if where == IMAGE else ""
        packages = self.packages.value.strip() if where in (IMAGE, PACKAGES) else ""
        if where == IMAGE and not image:
            raise InvalidSpec("No image is named. Write one, as in pytorch/pytorch:2.8.0.")
        if where == PACKAGES and not packages:
            raise InvalidSpec("No packages are named. Write some, as in torch pandas>=2.")
        return Draft(
            script=self.script.value.strip(),
            cell=self.cell.value if self.kind.value == CELL else None,
            source=self.source.value.strip(),
            experiment=self.experiment.value.strip() or experiment,
            name=self.name.value.strip(),
            environment="" if is_path or where in (THIS, IMAGE, PACKAGES) else where,
            python=where if is_path else "",
            image=image,
            packages=packages,
            compute=self.compute.value,
            cpus=self.cpus.value,
            gpus=self.gpus.value,
            memory=self.memory.value.strip(),
            timeout=self.timeout.value.strip(),
            priority=self.priority.value,
            retries=self.retries.value,
            named=given.named,
            rest=given.rest,
            variables=_filled(self.variables.value),
            tags=_filled(self.tags.value),
        )


def _filled(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _pythons() -> dict[str, str]:
    """Path -> name of the Pythons of this machine's kernels, but for this one."""
    from jupyter_client.kernelspec import KernelSpecManager

    found: dict[str, str] = {}
    for name, each in KernelSpecManager().get_all_specs().items():
        path = interpreter_of(each["spec"].get("argv", ()))
        if path is not None and path != absolute(sys.executable):
            found.setdefault(path, each["spec"].get("display_name") or name)
    return found


def _scripts() -> list[str]:
    """The scripts and notebooks beside the notebook, for a start."""
    try:
        names = sorted(each.name for each in Path.cwd().iterdir())
    except OSError:
        return []
    return [name for name in names if name.endswith((".py", ".ipynb")) and name[0] != "."][
        :_OFFERED
    ]
