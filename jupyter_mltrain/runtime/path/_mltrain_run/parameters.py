"""A notebook's arguments, `--name value` as a script has them: variables that its cells find.

References
----------
The tags of cells are those of papermill, "Parameterize":
https://papermill.readthedocs.io/en/latest/usage-parameterize.html
"""

import ast
import keyword
import re
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Sequence

_NAME = re.compile(r"--([^\W\d][\w.-]*)(?:=(.*))?\Z", re.DOTALL)


def read(arguments: "Sequence[str]") -> "Dict[str, Any]":
    """Make variables of arguments: each a Python literal where it can be, else a string.

    A name alone is True; a dash in a name becomes an underscore, as argparse has it.

    Raises
    ------
    ValueError
        An argument has no name, or one that no variable can have; the text is a sentence.
    """
    values: "Dict[str, Any]" = {}
    waiting = ""
    for argument in arguments:
        found = _NAME.match(argument)
        if found is None and not waiting:
            raise ValueError(
                "{!r} has no name: a notebook takes its arguments as --NAME VALUE.".format(argument)
            )
        if found is None:
            values[waiting] = _literal(argument)
            waiting = ""
            continue
        name = re.sub(r"[-.]", "_", found.group(1))
        if not name.isidentifier() or keyword.iskeyword(name):
            raise ValueError("{!r} cannot be a variable of the notebook.".format(found.group(1)))
        values[name] = True if found.group(2) is None else _literal(found.group(2))
        waiting = name if found.group(2) is None else ""
    return values


def _literal(text: str) -> "Any":
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of backslashes in what is a path, say
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def source(values: "Dict[str, Any]") -> str:
    """Write the cell that sets the variables."""
    lines = ["{} = {!r}".format(name, value) for name, value in values.items()]
    return "\n".join(["# Parameters"] + lines)
