"""Metrics as they come: JSON has neither NaN nor infinity, so these are ``{"$f": "NaN"}``."""

from __future__ import annotations

from typing import Any


def read(found: dict[str, Any]) -> dict[str, Any]:
    """Name -> what was logged, every number a number."""
    return {name: _value(value) for name, value in found.items()}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return float(value["$f"]) if set(value) == {"$f"} else read(value)
    if isinstance(value, list) and dict in set(map(type, value)):
        return [_value(each) for each in value]
    return value
