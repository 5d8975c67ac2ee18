"""`TrainForm` and `RunDetails`: training without code, and the card for those who write Azure's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_mltrain.widgets.details import RunDetails
    from jupyter_mltrain.widgets.form import TrainForm

__all__ = ["RunDetails", "TrainForm"]

_HOMES = {"RunDetails": "details", "TrainForm": "form"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        module = import_module(f"{__name__}.{_HOMES[name]}")
    except ModuleNotFoundError as error:
        if error.name != "ipywidgets":
            raise
        raise ImportError(
            f"{name} needs ipywidgets, which this Python does not have. Install it: "
            "pip install ipywidgets",
            name="ipywidgets",
        ) from None
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
