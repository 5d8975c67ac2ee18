"""What MLflow's client finds by its entry points: the run that a script is part of as a store.

MLflow looks through all entry points when it is imported, so nothing of it is imported here before
a store is asked for.

References
----------
MLflow, "Plugins": https://mlflow.org/docs/latest/ml/plugins/
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

SCHEME = "mltrain-run"
"""Of the tracking URI inside a run."""


def run_key(run_id: str) -> str:
    """Write a run's id as MLflow allows it: without dots."""
    return run_id.replace(".", "-")


def tracking_store(
    store_uri: "Optional[str]" = None, artifact_uri: "Optional[str]" = None
) -> "Any":
    """The store behind ``mltrain-run:/<run id>``."""
    from .mlflow_run import RunPlace
    from .mlflow_store import Store

    return Store(RunPlace())


def registry_store(
    store_uri: "Optional[str]" = None, tracking_uri: "Optional[str]" = None
) -> "Any":
    """The registry of models, which MLflow takes to be where the tracking is."""
    from .mlflow_registry import Registry
    from .mlflow_run import RunPlace

    return Registry(RunPlace())
