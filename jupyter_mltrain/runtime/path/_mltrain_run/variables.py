"""Carries notebook variables into a cell and out of it, as pickles in the run's `variables`.

Pickles, because a data frame or a model is what people carry; both sides run the user's own code.
"""

import json
import os
import pickle
import sys

from . import notices

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_VERSION = "{}.{}".format(*sys.version_info)
_PROTOCOL = min(pickle.HIGHEST_PROTOCOL, 5)  # the notebook's Python may be older: 3.10 reads 5


def _names(variable: str) -> "List[str]":
    names: "List[str]" = json.loads(os.environ.get(variable) or "[]")
    return names


def _folder(*parts: str) -> str:
    return os.path.join(os.environ.get("MLTRAIN_RUN_DIR", ".."), "variables", *parts)


def load_inputs(namespace: "Dict[str, Any]") -> None:
    """Define the cell's input variables; the first that can't be loaded ends the process."""
    for name in _names("MLTRAIN_CELL_INPUTS"):
        try:
            with open(_folder("in", name + ".pkl"), "rb") as file:
                namespace[name] = pickle.load(file)
        except Exception as error:  # unpickling runs the code of any library
            _refuse_input(name, error)


def _refuse_input(name: str, error: Exception) -> None:
    problem, advice = _sentence(error), "Take it out of -i, or pass it as a plain value."
    if isinstance(error, ImportError) and error.name:
        package = error.name.partition(".")[0]
        advice = "Add {} to the run's environment, or take {} out of -i.".format(package, name)
    elif isinstance(error, FileNotFoundError):
        problem, advice = "its pickle is missing", "Run the cell again."
    elif "unsupported pickle protocol" in str(error):
        advice = "Run the cell in a newer Python, or take {} out of -i.".format(name)
    notices.say(
        "Variable {} can't be loaded in this Python {}: {}. {}".format(
            name, _VERSION, problem, advice
        )
    )
    raise SystemExit(1)


def _sentence(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0].rstrip(".")
    return text or type(error).__name__


def save_outputs(namespace: "Dict[str, Any]", completed: bool) -> None:
    """Keep the cell's output variables, and write what became of each in ``variables/out.json``.

    Nothing here fails the run. After a cell that failed, a name that it never came to is left out
    without a word.
    """
    names = _names("MLTRAIN_CELL_OUTPUTS")
    if not names:
        return
    results: "Dict[str, Dict[str, Any]]" = {}
    for name in names:
        if name in namespace:
            results[name] = _save(name, namespace[name])
        elif completed:
            results[name] = {"error": "The cell never assigns {}.".format(name)}
            notices.say("Variable {} can't be kept: the cell never assigns it.".format(name))
    report = {"python": "{}.{}.{}".format(*sys.version_info), "variables": results}
    try:
        _write(_folder("out.json"), lambda file: file.write(json.dumps(report).encode("utf-8")))
    except OSError as error:
        notices.say(
            "The cell's variables can't be kept in {}: {}.".format(_folder(), notices.reason(error))
        )


def _save(name: str, value: "Any") -> "Dict[str, Any]":
    path = _folder("out", name + ".pkl")
    dump = _dump()
    try:
        _write(path, lambda file: dump(value, file, protocol=_PROTOCOL))
        return {"bytes": os.path.getsize(path)}
    except Exception as error:  # pickling runs the code of any library
        problem = _sentence(error) + "."
        if dump is pickle.dump:
            problem += " With cloudpickle in the run's environment more can be kept."
        notices.say("Variable {} can't be kept: {}".format(name, problem))
        return {"error": problem}


def _dump() -> "Any":
    """cloudpickle's where there is one: it takes what the cell itself defines, too."""
    try:
        import cloudpickle
    except Exception:  # one made for another Python breaks in its own ways
        return pickle.dump
    return cloudpickle.dump


def _write(path: str, write: "Any") -> None:
    """Write a file whole or not at all."""
    partial = path + ".part"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(partial, "wb") as file:
            write(file)
        os.replace(partial, path)
    except BaseException:
        if os.path.exists(partial):
            os.unlink(partial)
        raise
