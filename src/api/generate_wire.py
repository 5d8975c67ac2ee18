"""Write ``wire.ts`` beside this file from `jupyter_mltrain.wire`.

``python src/api/generate_wire.py`` does it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from jupyter_mltrain import __version__, spec, wire

TARGET = Path(__file__).with_name("wire.ts")

_REQUESTS = ("Request", "Form", "ClusterChange", "DatasetChange", "ModelChange")
"""Endings of the types that the page sends: what has a default may be left out there."""

_HEAD = """\
// What travels between the page and the server.
// Generated from jupyter_mltrain/wire by generate_wire.py; a test fails when this is stale.
"""


def typescript() -> str:
    """The whole of ``wire.ts``."""
    structs = [
        value
        for module in (spec, wire)
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__.startswith(module.__name__)
        and issubclass(value, msgspec.Struct)
        and value is not spec.Frozen
    ]
    _, components = msgspec.json.schema_components(structs, ref_template="{name}")
    parts = [
        _HEAD,
        "/** Of the package that this page was made with. */",
        f"export const VERSION = {_literal(__version__)};\n",
        f"export const PROTOCOL = {wire.PROTOCOL};\n",
    ]
    parts += [_declared(name, schema) for name, schema in sorted(components.items())]
    final = [state.value for state in spec.RunState if state.final]
    waiting = [state.value for state in spec.RunState if state.waiting]
    parts.append(_constant("FINAL_STATES", "ReadonlySet<RunState>", final))
    parts.append(_constant("WAITING_STATES", "ReadonlySet<RunState>", waiting))
    built = [state.value for state in spec.BuildState if state.final]
    parts.append(_constant("FINAL_BUILD_STATES", "ReadonlySet<BuildState>", built))
    for name in ("DRIVER_LOG", "CONTROL_LOG", "BUILD_LOG", "LOCK_FILE"):
        parts.append(f"export const {name} = {_literal(getattr(spec, name))};\n")
    return "\n".join(parts)


def _constant(name: str, type_: str, values: list[str]) -> str:
    inner = ",\n".join(f"  {_literal(value)}" for value in values)
    return f"export const {name}: {type_} = new Set([\n{inner}\n]);\n"


def _literal(value: object) -> str:
    return "'" + json.dumps(value)[1:-1] + "'" if isinstance(value, str) else json.dumps(value)


def _declared(name: str, schema: dict[str, Any]) -> str:
    doc = _comment(schema.get("description", ""), "")
    if "enum" in schema:
        values = "\n".join(f"  | {_literal(value)}" for value in schema["enum"])
        return f"{doc}export type {name} =\n{values};\n"
    may_lack = name.endswith(_REQUESTS)
    required = set(schema.get("required", ()))
    lines = [
        f"  {key}{'?' if may_lack and key not in required else ''}: {_type(value)};"
        for key, value in schema["properties"].items()
    ]
    return f"{doc}export type {name} = {{\n" + "\n".join(lines) + "\n};\n"


def _comment(text: str, indent: str) -> str:
    first = text.strip().split("\n\n")[0].replace("\n", " ").replace("``", "`")
    return f"{indent}/** {first} */\n" if first else ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"])
    if "anyOf" in schema:
        return " | ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    kind = schema.get("type")
    if kind is None:
        return "unknown"
    if kind == "array":
        inner = _type(schema["items"]) if schema.get("items") else "unknown"
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        return f"{{ [key: string]: {_type(schema.get('additionalProperties', {}))} }}"
    simple = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
    return simple.get(str(kind), "null")


if __name__ == "__main__":
    TARGET.write_text(typescript(), encoding="utf-8")
