"""Models: registered files under a name, in versions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

import msgspec

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client.requests import Requests
from jupyter_mltrain.spec import Model


class ModelVerbs(Requests):
    """What can be asked about models."""

    def models(
        self,
        name: str | None = None,
        *,
        run: str | None = None,
        tags: Mapping[str, str | None] = {},
        latest: bool = False,
        brief: bool = False,
    ) -> tuple[Model, ...]:
        """Versions of models, the one made last first.

        Parameters
        ----------
        run
            Only those made by this run, by its id.
        tags
            Only those with all these: key -> value, or `None` for any.
        latest
            Of each name only the newest.
        brief
            Only the first files of those that have many, and how many there are.
        """
        query = [] if name is None else [("name", name)]
        query += [] if run is None else [("run", run)]
        query += [("tag", k if v is None else f"{k}={v}") for k, v in tags.items()]
        query += [("latest", "1")] if latest else []
        query += [("brief", "1")] if brief else []
        return self._ask("GET", f"/v1/models?{urlencode(query)}", tuple[Model, ...])

    def model(self, name: str, version: int | str | None = None) -> Model:
        """One version of a model, by default the newest.

        Raises
        ------
        NoSuchModel
            There is none of that name or version; the sentence says what there is.
        """
        return self._ask("GET", _model(name, version), Model)

    def register_model(self, request: wire.ModelRequest) -> Model:
        """Register the next version; it is on disk when this returns. Safe against a cut.

        Raises
        ------
        InvalidSpec
            The name cannot be one.
        NoSuchFile
            There is nothing to make it from; the sentence lists what there is.
        """
        if request.request_id is None:
            request = msgspec.structs.replace(request, request_id=os.urandom(8).hex())
        return self._ask("POST", "/v1/models", Model, request)

    def change_model(self, name: str, version: int, change: wire.ModelChange) -> Model:
        """Give a version other words; its files stay as they are."""
        return self._ask("POST", _model(name, version), Model, change)

    def delete_model(self, name: str, version: int) -> Model:
        """Delete a version with its files; gives what it was. There is no way back."""
        before = self.model(name, version)

        def done(refusal: errors.MltrainError) -> Model | None:
            return before if isinstance(refusal, errors.NoSuchModel) else None

        return self._ask("DELETE", _model(name, version), Model, None, done)

    def read_model_file(
        self, name: str, version: int, file: str, offset: int = 0
    ) -> Iterator[bytes]:
        """The bytes of one of a model's files from an offset, in pieces."""
        return self._read_from(_model(name, version, f"/files/{quote(file)}"), offset)


def _model(name: str, version: int | str | None, rest: str = "") -> str:
    parts = [quote(str(part), safe="", errors="replace") for part in (name, version or "latest")]
    if not all(part.strip(".") for part in parts):
        raise errors.NoSuchModel(f"No model {name!r}. `jupyter mltrain models` lists them.")
    return f"/v1/models/{parts[0]}/{parts[1]}{rest}"
