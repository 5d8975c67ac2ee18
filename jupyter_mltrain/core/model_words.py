"""What users say of models, as the service needs to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from jupyter_mltrain import spec
from jupyter_mltrain.core.labels import tag_texts
from jupyter_mltrain.errors import UserError

if TYPE_CHECKING:
    from jupyter_mltrain.core.workspace import Workspace

Wanted: TypeAlias = str | Mapping[str, Any] | Sequence[str | Sequence[str]] | None
"""Tags or properties to look for: a key, keys, pairs, or a dict."""

SAMPLES: Final = ("sample_input_dataset", "sample_output_dataset")
"""Labels of datasets that Azure ML keeps in attributes of their own."""


def found(
    workspace: Workspace,
    name: str | None,
    tags: Wanted,
    properties: Wanted,
    run_id: str | None,
    framework: str | None,
    dataset_id: str | None = None,
) -> list[spec.Model]:
    wanted = _pairs(properties)
    return [
        each
        for each in workspace.client.models(name, run=run_id, tags=_pairs(tags))
        if framework in (None, each.framework)
        and all(k in each.properties and v in (None, each.properties[k]) for k, v in wanted.items())
        and (dataset_id is None or dataset_id in {found.dataset_id for found in each.datasets})
    ]


def _pairs(wanted: Wanted) -> dict[str, str | None]:
    """Key -> value, or `None` for any."""
    if wanted is None or isinstance(wanted, str | Mapping):
        return {wanted: None} if isinstance(wanted, str) else tag_texts(wanted)
    found: dict[str, str | None] = {}
    for each in wanted:
        if isinstance(each, str):
            found[each] = None
        elif len(each) == 2:
            found[str(each[0])] = str(each[1])
        else:
            raise UserError(f"{each!r} is neither a key nor a pair of a key and a value.")
    return found


def datasets(
    given: Sequence[tuple[str, Any]] | None, sample_input: Any = None, sample_output: Any = None
) -> tuple[spec.ModelDataset, ...]:
    pairs = [tuple(each) if isinstance(each, Sequence) else (each,) for each in given or ()]
    for pair in pairs:
        if len(pair) != 2:
            raise UserError(
                "datasets is a list of pairs, as in [('training', dataset)]: a label and a dataset."
            )
    pairs += [
        (label, dataset)
        for label, dataset in zip(SAMPLES, (sample_input, sample_output), strict=True)
        if dataset is not None
    ]
    return tuple(_reference(str(label), dataset) for label, dataset in pairs)


def _reference(label: str, dataset: Any) -> spec.ModelDataset:
    if getattr(dataset, "id", None) is None:
        raise UserError(
            f"The dataset {label!r} is not registered, so nothing could find it again. Register it "
            "first: dataset = dataset.register(ws, 'name')."
        )
    return spec.ModelDataset(
        label=label, dataset_id=str(dataset.id), dataset=dataset.name, version=dataset.version
    )
