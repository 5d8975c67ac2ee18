"""The part of `Run` that logs metrics."""

import json
import os
import time

from . import notices
from .errors import UserErrorException
from .metrics import image_uri
from .uploads import Uploads
from .values import element, elements, not_finite, scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, Optional, Union

_LARGE = 10.0**300


class Logs(Uploads):
    """Everything is written at once, so that it is seen while the run goes on."""

    _stamp = 0

    def __init__(self, run_id: str, path: str) -> None:
        super().__init__(run_id, path)
        self._stepped: "Dict[str, bool]" = {}

    def log(
        self, name: str, value: "Any", description: str = "", step: "Optional[int]" = None
    ) -> None:
        """Log one number, string or boolean; other objects are kept as their `repr`.

        Parameters
        ----------
        step
            Place of the value in the chart. Give it with all values of a name, or with none.
        """
        name = str(name)
        if self._stepped.setdefault(name, step is not None) is (step is None):
            notices.say_once(
                "steps of {}".format(name),
                "Metric {!r} is logged both with a step and without one, so its chart has no true "
                "order. Give a step with all of its values, or with none.".format(name),
            )
        if _is_plain(value) and (step is None or (_is_plain(step) and type(step) is int)):
            self._journal.append_number(name, value, step)
            return
        value = scalar(value)
        record = {"k": "metric", "n": name, "v": value}
        lacking = not_finite(value)
        if lacking is not None:
            record["v"] = lacking
            record["f"] = 1
        if step is not None:
            step = scalar(step)
            if not_finite(step) is None:
                record["s"] = step
        self._journal.append(record)

    def log_list(self, name: str, value: "Iterable[Any]", description: str = "") -> None:
        """Log several values under one name; a second call adds to them."""
        if not hasattr(value, "__iter__"):
            raise UserErrorException(
                "log_list({!r}) takes several values, not {}. One value goes with log.".format(
                    name, _shortly(value)
                )
            )
        self._journal.append({"k": "list", "n": str(name), "v": elements(value)})

    def log_row(self, name: str, description: "Optional[str]" = None, **kwargs: "Any") -> None:
        """Log one row of a table, a column a keyword."""
        row = {column: element(value) for column, value in kwargs.items()}
        self._journal.append({"k": "row", "n": str(name), "v": row})

    def log_table(self, name: str, value: "Dict[str, Any]", description: str = "") -> None:
        """Log a whole table: column -> values, all of one length."""
        if not hasattr(value, "items"):
            raise UserErrorException(
                "log_table({!r}) takes a dict of columns, not {}. Several values go with "
                "log_list.".format(name, _shortly(value))
            )
        columns = {
            str(column): elements(cells if _is_column(cells) else [cells])
            for column, cells in value.items()
        }
        if len({len(cells) for cells in columns.values()}) > 1:
            raise UserErrorException(
                "Columns must have the same length: table {!r} has {}.".format(
                    name, ", ".join("{} {}".format(c, len(v)) for c, v in columns.items())
                )
            )
        self._journal.append({"k": "table", "n": str(name), "v": columns})

    def log_image(
        self, name: str, path: "Any" = None, plot: "Any" = None, description: str = ""
    ) -> None:
        """Keep an image file, or a matplotlib figure or `pyplot` as it is now, with the run."""
        if (path is None) == (plot is None):
            raise UserErrorException(
                "log_image({!r}) takes either the path of an image file or a plot.".format(name)
            )
        ending = ".png" if path is None else os.path.splitext(os.fspath(path))[1] or ".png"
        file = self._new_name(name, ending)
        if path is not None:
            self.upload_file(file, path)
        else:
            import io

            image = io.BytesIO()
            plot.savefig(image, format="png")
            self.upload_file(file, image.getvalue())
        self._journal.append({"k": "image", "n": str(name), "v": file})

    def log_confusion_matrix(
        self, name: str, value: "Union[str, Dict[str, Any]]", description: str = ""
    ) -> None:
        """Keep a confusion matrix, given as Azure's dict or as its JSON."""
        self._log_chart(name, value)

    def log_accuracy_table(
        self, name: str, value: "Union[str, Dict[str, Any]]", description: str = ""
    ) -> None:
        """Keep an accuracy table, given as Azure's dict or as its JSON."""
        self._log_chart(name, value)

    def log_residuals(
        self, name: str, value: "Union[str, Dict[str, Any]]", description: str = ""
    ) -> None:
        """Keep residuals, given as Azure's dict or as its JSON."""
        self._log_chart(name, value)

    def log_predictions(
        self, name: str, value: "Union[str, Dict[str, Any]]", description: str = ""
    ) -> None:
        """Keep predictions, given as Azure's dict or as its JSON."""
        self._log_chart(name, value)

    def _log_chart(self, name: str, value: "Union[str, Dict[str, Any]]") -> None:
        try:
            text = value if isinstance(value, str) else json.dumps(value, default=scalar)
            content = json.loads(text)
        except (TypeError, ValueError) as error:
            raise UserErrorException(
                "The value logged as {!r} is not JSON: {}.".format(name, error)
            ) from None
        if not isinstance(content, dict):
            raise UserErrorException(
                "The value logged as {!r} is not a dict, or the JSON of one.".format(name)
            )
        file = self._new_name(name, ".json")
        self.upload_file(file, text.encode("utf-8"))
        self.log(name, image_uri(self.id, file))

    def _new_name(self, name: str, ending: str) -> str:
        """A file name that is free: ``<name>_<unix seconds>``, a second later if it isn't."""
        parts = str(name).replace("\\", "/").split("/")
        safe = "/".join(p for p in map(_printable, parts) if p.strip(".")) or "image"
        stamp = max(int(time.time()), self._stamp + 1)
        while os.path.lexists(os.path.join(self._files, "{}_{}{}".format(safe, stamp, ending))):
            stamp += 1
        self._stamp = stamp
        return "{}_{}{}".format(safe, stamp, ending)


def _printable(part: str) -> str:
    return "".join(each if each.isprintable() else "_" for each in part)


def _is_plain(value: "Any") -> bool:
    """Whether it is a number as JSON has it: neither a boolean nor endless, and not too long."""
    return (type(value) is float or type(value) is int) and -_LARGE < value < _LARGE


def _shortly(value: "Any") -> str:
    text = str(scalar(value))
    return "{} {}".format(type(value).__name__, text if len(text) < 60 else text[:57] + "...")


def _is_column(cells: "Any") -> bool:
    return hasattr(cells, "__iter__") and not isinstance(cells, (str, bytes))
