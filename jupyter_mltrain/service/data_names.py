"""Can a run's inputs and outputs be called so? Checked before anything is changed."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import RunSpec, is_dataset_name, is_input_name

_TAKEN: Final = re.compile(
    r"(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|LANG|LC_\w+|LD_\w+|DYLD_\w+|PYTHON\w*|CUDA_\w+"
    r"|NVIDIA_\w+|MLTRAIN_\w+|AZUREML_\w+|MLFLOW_\w+)\Z"
)
"""Variables that mean something to the system, to Python or to us."""


def check(spec: RunSpec) -> None:
    """Raise `InvalidSpec` when the names or paths of a run's data can't be."""
    names = [given.name for given in spec.inputs] + [output.name for output in spec.outputs]
    for name in names:
        if not is_input_name(name):
            raise InvalidSpec(
                f"{name[:120]!r} cannot name an input or output. Use letters, digits and '_', no "
                "digit first."
            )
        if _TAKEN.match(name):
            raise InvalidSpec(
                f"{name!r} cannot name an input or output: its path is in the environment "
                "variable of that name, which means something else. Choose another one."
            )
        if names.count(name) > 1:
            raise InvalidSpec(f"Two inputs or outputs are named {name!r}. Give each its own name.")
    for given in spec.inputs:
        if given.path_on_compute is not None:
            _check_below(given.path_on_compute.lstrip("/"), f"path_on_compute of {given.name!r}")
    for output in spec.outputs:
        _check_below(output.path or ".", f"The path of the output {output.name!r}")
        if output.source is not None:
            if output.source.startswith("/"):
                raise InvalidSpec(
                    f"The source of the output {output.name!r}, {output.source!r}, is absolute. "
                    "Give a path of the script's working folder, or none: a folder is made then."
                )
            _check_below(output.source, f"The source of the output {output.name!r}")
        if output.register_as is not None and not is_dataset_name(output.register_as):
            raise InvalidSpec(f"{output.register_as[:120]!r} cannot name a dataset.")


def _check_below(path: str, what: str) -> None:
    parts = PurePosixPath(path).parts
    if not path.strip("/") or ".." in parts or "\0" in path:
        raise InvalidSpec(f"{what}, {path!r}, is none. Give one without '..', such as 'mnist'.")
