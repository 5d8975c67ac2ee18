"""A notebook's file: read, given its parameters, written."""

# mypy: disallow-untyped-calls=False

import nbformat

from . import parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

_DEFAULTS = "parameters"
_INJECTED = "injected-parameters"


def read(path: str) -> "Any":
    """Read a notebook, with what it showed the last time forgotten.

    Raises
    ------
    ValueError
        It is none; the text is a sentence.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
    except (nbformat.ValidationError, ValueError, KeyError, AttributeError) as error:
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError("{} is not a notebook: {}".format(path, line)) from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def text_of(notebook: "Any") -> str:
    """Write a notebook as the text of its file."""
    return str(nbformat.writes(notebook)) + "\n"


def inject(notebook: "Any", values: "Dict[str, Any]") -> None:
    """Add a cell that sets the parameters: after the one with the defaults, else first.

    One that an earlier execution has injected is replaced.
    """
    if not values:
        return
    cells = notebook.cells
    added = nbformat.v4.new_code_cell(parameters.source(values), metadata={"tags": [_INJECTED]})
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        added.pop("id", None)
    before = _first(cells, _INJECTED)
    if before is not None:
        cells[before] = added
        return
    defaults = _first(cells, _DEFAULTS)
    cells.insert(0 if defaults is None else defaults + 1, added)


def _first(cells: "Any", tag: str) -> "Any":
    for index, cell in enumerate(cells):
        if tag in cell.metadata.get("tags", []):
            return index
    return None
