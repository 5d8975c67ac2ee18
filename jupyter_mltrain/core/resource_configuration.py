"""`ResourceConfiguration`: what a model would need where it is served; kept with it as a note."""

from __future__ import annotations

from typing import Any


class ResourceConfiguration:
    """CPUs, memory and GPUs."""

    def __init__(
        self,
        cpu: float | None = None,
        memory_in_gb: float | None = None,
        gpu: int | None = None,
    ) -> None:
        self.cpu = cpu
        self.memory_in_gb = memory_in_gb
        self.gpu = gpu

    def serialize(self) -> dict[str, Any]:
        """The three as plain data."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: dict[str, Any] | None) -> ResourceConfiguration | None:
        """The object that `serialize` was called on; `None` for none."""
        if payload_obj is None:
            return None
        return ResourceConfiguration(
            cpu=payload_obj.get("cpu"),
            memory_in_gb=payload_obj.get("memoryInGB"),
            gpu=payload_obj.get("gpu"),
        )

    def __repr__(self) -> str:
        return (
            f"ResourceConfiguration(cpu={self.cpu!r}, memory_in_gb={self.memory_in_gb!r}, "
            f"gpu={self.gpu!r})"
        )
