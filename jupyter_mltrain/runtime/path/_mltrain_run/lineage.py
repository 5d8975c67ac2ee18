"""The part of `Run` that has a parent, children and an end."""

import os
import re

from . import notices
from .errors import AlreadyThere, InvalidName, UserErrorException
from .family import ended, matches, relatives
from .labels import Labels
from .logs import Logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Type, TypeVar, Union

    Self = TypeVar("Self", bound="Lineage")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}\Z")


class Lineage(Logs, Labels):
    """All children, and theirs, lie side by side in the run's folder `children`."""

    _name: "Optional[str]"
    _parent: "Any"
    _root: "Any"
    _state: "Optional[str]"
    _outputs: "Optional[str]"

    @classmethod
    def _make(
        cls: "Type[Self]", run_id: str, path: str, name: "Optional[str]", parent: "Any"
    ) -> "Self":
        """Make the object of a run that is known to exist; `__init__` is for users."""
        run = cls.__new__(cls)
        super(Lineage, run).__init__(run_id, path)
        run._name = name or None
        run._parent = parent
        run._root = run if parent is None else parent._root
        run._state = None
        run._outputs = None
        return run

    @property
    def type(self) -> "Optional[str]":
        return "azureml.scriptrun" if self._parent is None else None

    def get_status(self) -> str:
        """`Running`, until `complete`, `fail` or `cancel` says otherwise."""
        if self._state is None:
            self._state = ended(self._root._journal.path, self._id, self._root._id)
        return self._state or "Running"

    def child_run(
        self: "Self",
        name: "Optional[str]" = None,
        run_id: "Optional[str]" = None,
        outputs: "Optional[str]" = None,
    ) -> "Self":
        """Open a run below this one, with metrics, tags and files of its own.

        Parameters
        ----------
        run_id
            Letters, digits, ``_ . -``; by default a random UUID.
        outputs
            A folder whose files are kept with the child when it ends.
        """
        if run_id is None:
            import uuid

            run_id = str(uuid.uuid4())
        elif not _ID.match(run_id):
            raise InvalidName(
                "{!r} can't be a run id: use letters, digits, '_', '.' and '-', a letter or "
                "digit first.".format(run_id)
            )
        path = os.path.join(self._root._path, "children", run_id)
        try:
            if os.path.isdir(self._root._path):  # a run directory that is gone stays gone
                os.makedirs(path)
        except FileExistsError:
            raise AlreadyThere(
                "Run {} has a child {!r} already. Choose another run_id.".format(
                    self._root.id, run_id
                )
            ) from None
        except OSError as error:
            notices.say_once(
                "children",
                "Child run {} can't be kept in {}: {}. The run goes on without it.".format(
                    run_id, path, notices.reason(error)
                ),
            )
        self._root._journal.append({"k": "child", "id": run_id, "name": name, "parent": self._id})
        child = type(self)._make(run_id, path, name, self)
        child._outputs = outputs
        return child

    def create_children(
        self: "Self",
        count: "Optional[int]" = None,
        tag_key: "Optional[str]" = None,
        tag_values: "Optional[List[Any]]" = None,
    ) -> "List[Self]":
        """Open several children, tagged `tag_key` with one of `tag_values` each."""
        if (count is None) == (tag_values is None) or (tag_key is None) != (tag_values is None):
            raise UserErrorException(
                "create_children takes either a count, or a tag_key with its tag_values."
            )
        children = [self.child_run() for _ in range(len(tag_values or ()) or count or 0)]
        if tag_key is not None and tag_values is not None:
            for child, value in zip(children, tag_values):  # noqa: B905 (strict is 3.10)
                child.tag(tag_key, value)
        return children

    def get_children(
        self: "Self",
        recursive: bool = False,
        tags: "Union[str, Dict[str, Any], None]" = None,
        properties: "Union[str, Dict[str, Any], None]" = None,
        type: "Optional[str]" = None,
        status: "Optional[str]" = None,
    ) -> "List[Self]":
        """The runs below this one, newest first; all levels of them with `recursive`."""
        known: "Dict[str, Self]" = {self._id: self}
        children: "List[Self]" = []
        for record in relatives(self._root._journal.path):
            parent = known.get(record["parent"])
            if parent is not None and (recursive or parent is self):
                path = os.path.join(self._root._path, "children", record["id"])
                child = self.__class__._make(record["id"], path, record["name"], parent)
                known[child.id] = child
                children.append(child)
        return [
            child
            for child in reversed(children)
            if matches(tags, child.get_tags)
            and matches(properties, child.get_properties)
            and type in (None, child.type)
            and status in (None, child.get_status())
        ]

    def complete(self) -> None:
        """End the run as Completed. An ending is final: later ones change nothing."""
        self._end("Completed", "The script completed it.")

    def fail(
        self,
        error_details: "Union[str, BaseException, None]" = None,
        error_code: "Optional[str]" = None,
    ) -> None:
        """End the run as Failed, with what went wrong."""
        if isinstance(error_details, BaseException):
            error_details = "{}: {}".format(type(error_details).__name__, error_details)
        reason = error_details or "The script failed it."
        self._end("Failed", reason if error_code is None else "{}: {}".format(error_code, reason))

    def cancel(self) -> None:
        """End the run as Canceled."""
        self._end("Canceled", "The script canceled it.")

    def _end(self, state: str, reason: str) -> None:
        if self.get_status() != "Running":
            return
        if self._outputs is not None and os.path.isdir(self._outputs):
            self.upload_folder(os.path.basename(os.path.abspath(self._outputs)), self._outputs)
        self._state = state
        self._root._journal.append({"k": "end", "id": self._id, "state": state, "reason": reason})
        if self._parent is not None:
            self._journal.close()  # a sweep may open thousands of children

    def __enter__(self: "Self") -> "Self":
        return self

    def __exit__(
        self, exit_type: "Optional[Type[BaseException]]", value: "Any", traceback: "Any"
    ) -> None:
        if value is None or (isinstance(value, SystemExit) and not value.code):
            self.complete()
        else:
            self.fail(value)
