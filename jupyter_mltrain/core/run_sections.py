"""The sections of a `RunConfiguration` that say little here: kept for code that sets them."""

from __future__ import annotations

from typing import Any

from jupyter_mltrain.core.strict import Strict


class HistoryConfiguration(Strict):
    """What Azure keeps of a run. Here ``outputs`` and ``logs`` are kept, whatever it says."""

    __slots__ = ("directories_to_watch", "output_collection", "snapshot_project")

    def __init__(self) -> None:
        self.output_collection = True
        self.directories_to_watch = ["logs"]
        self.snapshot_project = True


class AmlComputeConfiguration(Strict):
    """The machine that a run is to have of its own, by its size in Azure's words."""

    __slots__ = ("vm_priority", "vm_size")

    def __init__(self) -> None:
        self.vm_size: str | None = None
        self.vm_priority: str | None = None


class HdiConfiguration(Strict):
    """Of HDInsight, which runs here do not use."""

    __slots__ = ("yarn_deploy_mode",)

    def __init__(self) -> None:
        self.yarn_deploy_mode = "cluster"


class KubernetesComputeConfiguration(Strict):
    """Of Kubernetes, which runs here do not use."""

    __slots__ = ("instance_type",)

    def __init__(self) -> None:
        self.instance_type: str | None = None


class SparkConfiguration(Strict):
    """Of Spark, which runs here do not use."""

    __slots__ = ("configuration",)

    def __init__(self) -> None:
        self.configuration: dict[str, Any] = {}


class ApplicationEndpointConfiguration(Strict):
    """A port that Azure opens into a run; runs here open their own."""

    __slots__ = ("port", "properties", "type")

    def __init__(
        self,
        type: str | None = None,
        port: int | None = None,
        properties: dict[str, str] | None = None,
    ) -> None:
        self.type = type
        self.port = port
        self.properties = properties
