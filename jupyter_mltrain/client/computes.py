"""Compute targets: what there is, and engines that are attached."""

from __future__ import annotations

from urllib.parse import quote

from jupyter_mltrain import errors, wire
from jupyter_mltrain.client.requests import Requests
from jupyter_mltrain.spec import ComputeStatus


class ComputeVerbs(Requests):
    """What can be asked about compute targets."""

    def computes(self) -> tuple[ComputeStatus, ...]:
        """Every compute target with who holds what."""
        return self._ask("GET", "/v1/computes", tuple[ComputeStatus, ...])

    def attach(self, request: wire.AttachRequest) -> ComputeStatus:
        """Make a Docker Engine a compute target; the same again changes nothing.

        Raises
        ------
        ComputeUnavailable
            The engine does not answer.
        InvalidSpec
            The name or the URL cannot be one, or the engine has less than was given.
        WrongState
            The name is that of another compute target.
        """
        return self._ask("POST", "/v1/computes", ComputeStatus, request)

    def detach(self, name: str) -> ComputeStatus:
        """Forget an attached engine, which itself stays as it is; gives what it was.

        Raises
        ------
        ComputeTargetError
            There is none of that name, or it is this machine.
        WrongState
            Runs there have not ended.
        """
        before = next((each for each in self.computes() if each.name == name), None)

        def done(refusal: errors.MltrainError) -> ComputeStatus | None:
            return before if isinstance(refusal, errors.ComputeTargetError) else None

        path = f"/v1/computes/{quote(name, safe='', errors='replace')}"
        return self._ask("DELETE", path, ComputeStatus, None, done)
