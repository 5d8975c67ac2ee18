"""Executes the code of a `%%train` cell as the program that it is for everyone else."""

import ast
import builtins
import os
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType

from . import display, variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any, Dict, List, Optional, Type

_COROUTINE = 0x80  # inspect.CO_COROUTINE; inspect is slow to import
_AWAIT: int = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0)  # from Python 3.8


def main(arguments: "List[str]") -> None:
    """Run a cell with its variables; its exceptions, `SystemExit` too, go on to Python."""
    path = os.path.abspath(arguments[0])
    sys.argv[:] = arguments
    module = _new_main(path)
    process = os.getpid()
    variables.load_inputs(module.__dict__)
    builtins.display = display.display  # type: ignore[attr-defined]
    sys.displayhook = display.echo
    completed = False
    try:
        _execute(path, module.__dict__)
        completed = True
    except BaseException as error:
        completed = isinstance(error, SystemExit) and not error.code
        _hide_our_frames(path)
        raise
    finally:
        if os.getpid() == process:  # and not a copy that the cell made with fork
            display.save_open_figures()
            variables.save_outputs(module.__dict__, completed)


def _new_main(path: str) -> ModuleType:
    """Make the `__main__` of a script, for pickle, `multiprocessing` and `inspect` to find."""
    module = ModuleType("__main__")
    loader = SourceFileLoader("__main__", path)
    module.__dict__.update(__file__=path, __builtins__=builtins, __loader__=loader)
    sys.modules["__main__"] = module
    return module


def _execute(path: str, namespace: "Dict[str, Any]") -> None:
    with open(path, "rb") as file:
        source = file.read()
    codes = _compile(source, path)
    if not any(code.co_flags & _COROUTINE for code in codes):
        for code in codes:
            exec(code, namespace)
        return

    import asyncio

    async def run() -> None:
        for code in codes:
            waiting = eval(code, namespace)
            if code.co_flags & _COROUTINE:
                await waiting

    # Only code compiled with top-level await gets here: Python 3.8 and later.
    asyncio.run(run())  # novm


def _compile(source: bytes, path: str) -> "List[CodeType]":
    """Compile a cell; a last expression apart, so that Python's display hook gets its value."""
    tree = compile(source, path, "exec", ast.PyCF_ONLY_AST | _AWAIT, True)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr) or _ends_with_semicolon(source):
        return [compile(tree, path, "exec", _AWAIT, True)]
    tree.body.pop()
    echo = ast.Interactive([last])
    codes = [compile(tree, path, "exec", _AWAIT, True)] if tree.body else []
    return codes + [compile(echo, path, "single", _AWAIT, True)]


def _ends_with_semicolon(source: bytes) -> bool:
    if b";" not in source:
        return False
    import io
    import tokenize

    blank = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    text = ""
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type not in blank:
            text = token.string
    return text == ";"


def _hide_our_frames(path: str) -> None:
    """Show tracebacks from the cell's first frame on, through whatever hook is set by now."""
    shown = sys.excepthook

    def show(
        kind: "Type[BaseException]", error: BaseException, frames: "Optional[TracebackType]"
    ) -> None:
        while frames is not None and frames.tb_frame.f_code.co_filename != path:
            frames = frames.tb_next
        error.__traceback__ = frames
        shown(kind, error, frames)

    sys.excepthook = show
