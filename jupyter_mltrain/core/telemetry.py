"""What Azure's SDK sends home, which is nothing here."""

from __future__ import annotations


def set_diagnostics_collection(
    send_diagnostics: bool = True,
    verbosity: int = 20,
    reason: str = "",
    path: str | None = None,
) -> None:
    """Do nothing, whatever is asked for: nothing is ever sent."""
    print("Diagnostics: jupyter_mltrain collects none and sends nothing.")
