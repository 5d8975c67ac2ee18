"""The run of a script that is started outside a run: it prints what it would log.

References
----------
The lines are those that azureml-core 1.61 prints. What Azure's offline run lacks
(`experiment`, `get_metrics`, …) is lacking here too, so that `hasattr` tests hold.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional


class _OfflineRun:
    """Stands in for `Run` where there is none."""

    def __init__(self) -> None:
        import uuid

        self._id = "OfflineRun_{}".format(uuid.uuid4())

    @property
    def id(self) -> str:
        return self._id

    def log(
        self, name: str, value: "Any", description: str = "", step: "Optional[int]" = None
    ) -> None:
        _print_metric("scalar", name, value)

    def log_list(self, name: str, value: "Any", description: str = "") -> None:
        _print_metric("list", name, value)

    def log_row(self, name: str, description: "Optional[str]" = None, **kwargs: "Any") -> None:
        _print_metric("row", name, kwargs)

    def log_table(self, name: str, value: "Any", description: str = "") -> None:
        _print_metric("table", name, value)

    def log_image(
        self, name: str, path: "Any" = None, plot: "Any" = None, description: str = ""
    ) -> None:
        _print_metric("image", name, plot if path is None else path)

    def log_confusion_matrix(self, name: str, value: "Any", description: str = "") -> None:
        _print_metric("confusion matrix", name, value)

    def log_accuracy_table(self, name: str, value: "Any", description: str = "") -> None:
        _print_metric("accuracy table", name, value)

    def log_residuals(self, name: str, value: "Any", description: str = "") -> None:
        _print_metric("residuals", name, value)

    def log_predictions(self, name: str, value: "Any", description: str = "") -> None:
        _print_metric("predictions", name, value)

    def tag(self, key: str, value: "Any" = None) -> None:
        print("Attempted to add tag {} with value {}".format(key, value))

    def set_tags(self, tags: "Dict[str, Any]") -> None:
        for key, value in tags.items():
            self.tag(key, value)

    def add_properties(self, properties: "Dict[str, Any]") -> None:
        for key, value in properties.items():
            print("Attempted to add property {} with value {}".format(key, value))

    def upload_file(
        self, name: str, path_or_stream: "Any", datastore_name: "Optional[str]" = None
    ) -> None:
        print("Attempted to track file {} at {}".format(name, path_or_stream))

    def upload_files(
        self,
        names: "List[str]",
        paths: "List[Any]",
        return_artifacts: bool = False,
        timeout_seconds: "Optional[float]" = None,
        datastore_name: "Optional[str]" = None,
    ) -> None:
        for name, path in zip(names, paths):  # noqa: B905 (strict came with 3.10)
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: "Any", datastore_name: "Optional[str]" = None) -> None:
        print("Attempted to track folder {} at {}".format(name, path))

    def child_run(
        self,
        name: "Optional[str]" = None,
        run_id: "Optional[str]" = None,
        outputs: "Optional[str]" = None,
    ) -> "_OfflineRun":
        return _OfflineRun()

    def complete(self) -> None:
        print("Run completed")

    def fail(self, error_details: "Any" = None, error_code: "Optional[str]" = None) -> None:
        print("Run failed with error code {}:".format(error_code))
        if error_details is not None:
            print(error_details)

    def cancel(self) -> None:
        print("Run canceled")

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing to do: nothing is kept."""

    def __enter__(self) -> "_OfflineRun":
        print("[START] Run {} context".format(self._id))
        return self

    def __exit__(self, exit_type: "Any", value: "Any", traceback: "Any") -> None:
        print("[END] Run {} context".format(self._id))
        if value is not None:
            self.fail(value)


def _print_metric(kind: str, name: str, value: "Any") -> None:
    print("Attempted to log {} metric {}:\n{}".format(kind, name, value))
