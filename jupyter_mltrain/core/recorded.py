"""What every part of `Run` stands on."""

from __future__ import annotations

from jupyter_mltrain import client as clients
from jupyter_mltrain import spec


class Recorded:
    """A run by its id: what it says is asked for."""

    id: str
    _client: clients.Client

    @property
    def record(self) -> spec.Run:
        """Everything the service knows about it, as of now."""
        return self._client.get(self.id)
