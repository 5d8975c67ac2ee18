"""The arguments that a script asks for, as fields to fill in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import ipywidgets as widgets

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.wire import ArgumentChoice

_WIDE: Final = {"description_width": "10em"}
_LONG: Final = re.compile(r"--[^\W\d][\w.-]*\Z")
_NUMBERS: Final = {"int": (int, "a whole number"), "float": (float, "a number")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """Arguments as a magic's line takes them."""

    named: tuple[tuple[str, str | None], ...]
    rest: tuple[str, ...]


class ArgumentFields:
    """One field for each argument, and one for all that the script does not tell of."""

    def __init__(self) -> None:
        self._fields: list[tuple[ArgumentChoice, Any]] = []
        self._rows = widgets.VBox()
        self.more = widgets.Text(
            description="More arguments",
            placeholder="--verbose data.csv",
            tooltip="Passed to the script as they are, quoted as in a terminal.",
            style=_WIDE,
            layout=row(),
        )
        self.box = widgets.VBox([self._rows, self.more])

    def ask(self, choices: Iterable[ArgumentChoice]) -> None:
        """Show a field for each; what was filled in under the same name stays."""
        filled = {choice.name: field.value for choice, field in self._fields}
        self._fields = [(choice, _field(choice)) for choice in choices]
        self.fill({name: value for name, value in filled.items() if value not in ("", None, False)})
        self._rows.children = tuple(field for _, field in self._fields)

    def fill(self, values: Mapping[str, Any]) -> None:
        """Put values into the fields of those names, with or without dashes.

        Raises
        ------
        InvalidSpec
            A value is none of the choices.
        """
        for choice, field in self._fields:
            for name in (choice.name, choice.name.lstrip("-")):
                if name not in values:
                    continue
                value = values[name]
                if choice.type == "flag":
                    field.value = bool(value)
                elif choice.choices and str(value) not in choice.choices:
                    known = ", ".join(choice.choices)
                    raise InvalidSpec(f"{choice.name} cannot be {value!r}. It is one of {known}.")
                else:
                    field.value = str(value)

    def names(self) -> set[str]:
        """The arguments there are fields for, without dashes."""
        return {choice.name.lstrip("-") for choice, _ in self._fields}

    def given(self) -> Given:
        """What was filled in.

        Raises
        ------
        InvalidSpec
            A required one is empty, or one is no number; the sentence names it.
        """
        try:
            more = shlex.split(self.more.value)
        except ValueError:
            raise InvalidSpec("A quote is not closed in the further arguments. Close it.") from None
        named: list[tuple[str, str | None]] = []
        positional: list[str] = []
        options: list[str] = []
        for choice, field in self._fields:
            value = field.value
            if choice.type == "flag":
                if value:
                    _add(choice.name, None, named, options)
            elif value in ("", None):
                if choice.required and not more:
                    raise InvalidSpec(f"{choice.name} has no value, and the script requires one.")
            elif choice.repeated:
                several = [_checked(choice, each) for each in shlex.split(value)]
                if choice.positional:
                    positional += several
                else:
                    options += [choice.name, *several]
            elif choice.positional:
                positional.append(_checked(choice, value))
            else:
                _add(choice.name, _checked(choice, value), named, options)
        return Given(named=tuple(named), rest=(*positional, *options, *more))


def row(**more: Any) -> widgets.Layout:
    """The layout of one field: as wide as there is room, and no wider than is pleasant."""
    return widgets.Layout(width="auto", max_width="44em", **more)


def _field(choice: ArgumentChoice) -> Any:
    name = choice.name.lstrip("-")
    described = {
        "description": f"{name} *" if choice.required else name,
        "tooltip": choice.help or f"The script's argument {choice.name}.",
        "style": _WIDE,
        "layout": row(),
    }
    if choice.type == "flag":
        return widgets.Checkbox(value=False, indent=True, **described)
    default = "" if choice.default is None else choice.default
    if choice.choices and not choice.repeated:
        none = f"{default} (default)" if default else "not given"
        return widgets.Dropdown(
            options=[(none, ""), *((each, each) for each in choice.choices)], **described
        )
    hint = default or choice.help or ("several, with spaces between" if choice.repeated else "")
    return widgets.Text(placeholder=hint, **described)


def _add(
    name: str, value: str | None, named: list[tuple[str, str | None]], options: list[str]
) -> None:
    """A long option by its name, which a cell finds as a variable too; a short one as it is."""
    if _LONG.match(name):
        named.append((name[2:], value))
    else:
        options += [name] if value is None else [name, value]


def _checked(choice: ArgumentChoice, value: str) -> str:
    read, what = _NUMBERS.get(choice.type, (str, ""))
    try:
        read(value)
    except ValueError:
        raise InvalidSpec(f"{choice.name} has to be {what}, and {value!r} is none.") from None
    return value
