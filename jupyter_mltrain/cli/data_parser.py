"""What can be typed after ``jupyter mltrain datasets``."""

from __future__ import annotations

from typing import Any, Final

from jupyter_mltrain.cli.describing import Parser, add_action, add_group

_DATASET: Final = "NAME[:VERSION]"


def datasets(commands: Any) -> None:
    """``datasets``: the data that runs take."""
    actions = add_group(commands, "datasets", "list, register and upload the data that runs take")
    add_action(actions, "datasets", "ls", "list datasets", json="a list of them")

    parser = add_action(
        actions,
        "datasets",
        "show",
        "tell everything about one, and list its files",
        "mnist",
        "mnist:2",
        json="the dataset with its versions",
    )
    parser.add_argument("name", metavar=_DATASET, help="without a version, the latest")

    parser = add_action(
        actions,
        "datasets",
        "register",
        "keep a reference to data where it lies",
        "mnist https://host/train.gz https://host/test.gz",
        "faces /data/faces",
        "small workspaceblobstore:mnist/*.gz",
        json="the version",
        more=(
            "\n\nA SOURCE is a URL, a folder or file of this machine, or DATASTORE:PATH, with "
            "* ? ** in it if\nneed be. Nothing is copied: a folder of this machine becomes a "
            "datastore of that name. A NAME that\nis there gets another version."
        ),
    )
    _add_new(parser)
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="where the data is")

    parser = add_action(
        actions,
        "datasets",
        "upload",
        "copy data of this machine into a datastore, and register it",
        "mnist ./mnist",
        "mnist ./mnist --datastore raw --to digits/mnist",
        json="the version",
    )
    _add_new(parser)
    parser.add_argument("source", metavar="PATH", help="a folder or file of this machine")
    parser.add_argument("--datastore", metavar="NAME", help="the default one if not set")
    parser.add_argument("--to", metavar="PATH", help="the folder on it; by default NAME")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace files that are there; else they are kept"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say what is uploaded")


def _add_new(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="what it is called")
    parser.add_argument("--description", metavar="TEXT", help="what it is")
    parser.add_argument(
        "--tag", metavar="KEY[=VALUE]", action="append", default=[], help="a tag. Repeatable"
    )
