"""The base of every type in this package."""

from __future__ import annotations

import msgspec


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen, keyword-only, slotted struct."""
