"""Datastores and datasets."""

from __future__ import annotations

from typing import Final

from jupyter_mltrain import wire
from jupyter_mltrain.server.routes.base import VERSION, WORKSPACE, Query, Route
from jupyter_mltrain.spec import Dataset, Datastore

_DATASTORES: Final = WORKSPACE + "datastores"
_DATASTORE: Final = _DATASTORES + "/{datastore}"
_DATASETS: Final = WORKSPACE + "datasets"
_DATASET: Final = _DATASETS + "/{dataset}"

FORWARDED: Final = (
    Route(
        method="GET",
        path=_DATASTORES,
        about="Places where data lies, by name.",
        reply=tuple[Datastore, ...],
    ),
    Route(
        method="POST",
        path=_DATASTORES,
        about="Register a place where data lies; it is looked at first.",
        request=wire.DatastoreRequest,
        reply=Datastore,
        status=201,
        action="execute",
    ),
    Route(method="GET", path=_DATASTORE, about="One datastore.", reply=Datastore),
    Route(
        method="DELETE",
        path=_DATASTORE,
        about="Forget a datastore, not what lies there; answers with what it was.",
        reply=Datastore,
        action="write",
    ),
    Route(
        method="POST",
        path=_DATASTORE + "/default",
        about="Make it the one that is meant where none is named.",
        reply=Datastore,
        action="write",
    ),
    Route(
        method="GET",
        path=_DATASETS,
        about="Of every dataset the latest version, by name.",
        reply=tuple[Dataset, ...],
    ),
    Route(
        method="POST",
        path=_DATASETS,
        about="Register a definition; the same again is the version there is.",
        request=wire.DatasetRequest,
        reply=Dataset,
        status=201,
        action="write",
    ),
    Route(
        method="GET",
        path=_DATASETS + "/by-id/{id}",
        about="One version of a dataset, by its id.",
        reply=Dataset,
    ),
    Route(
        method="GET",
        path=_DATASET,
        about="A dataset with its versions, the latest first.",
        reply=wire.DatasetDetails,
        query=(Query(name="version", about='Only this version; "latest" is the latest.'),),
    ),
    Route(
        method="POST",
        path=_DATASET,
        about="Change a version's description and tags; its definition stays.",
        request=wire.DatasetChange,
        reply=Dataset,
        action="write",
    ),
    Route(
        method="DELETE",
        path=_DATASET,
        about="Forget versions of a dataset, not the data; answers with what they were.",
        reply=wire.DatasetDetails,
        action="write",
        query=(VERSION,),
    ),
)
