"""One request with one answer, again after a cut: what every verb stands on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from jupyter_mltrain import errors, units, wire
from jupyter_mltrain.client.streams import CUT, TRIES, Streams

T = TypeVar("T")

_MAX_BODY_BYTES: Final = 64_000_000
"""What the service takes; beyond, it hangs up, which would look as if it had died."""


def _encoded(body: object) -> bytes:
    try:
        data = wire.encode(body)
    except UnicodeEncodeError as error:
        raise errors.InvalidSpec(
            f"{error.object!r} cannot be sent: it is not text in UTF-8. Use other characters."
        ) from None
    if len(data) > _MAX_BODY_BYTES:
        raise errors.InvalidSpec(
            f"The request has {units.size(len(data))}; {units.size(_MAX_BODY_BYTES)} are the "
            "most. Put data into files of the source folder."
        )
    return data


class Requests(Streams):
    """Asks one workspace's service, which is started when needed and found again when it dies."""

    def _ask(
        self,
        method: str,
        path: str,
        type_: type[T],
        body: object = None,
        done: Callable[[errors.MltrainError], T | None] = lambda error: None,
    ) -> T:
        """One request, again after a cut: every request may safely come twice.

        Parameters
        ----------
        done
            For requests that are refused the second time: the answer, when an error after a cut
            shows that the first one was heard.
        """
        data = None if body is None else _encoded(body)
        for attempt in range(TRIES):
            try:
                with self._connector.connected() as connection:
                    connection.request(method, path, data)
                    response = connection.getresponse()
                    content = response.read()
            except CUT as error:
                if attempt == TRIES - 1:
                    raise self._keeps_failing(error) from error
                time.sleep(0.05 * attempt)
                continue
            if response.status < 400:
                return wire.decode_reply(content or b"null", type_)
            refusal = wire.decode_error(content, response.status)
            answer = done(refusal) if attempt else None
            if answer is None:
                raise refusal
            return answer
        raise AssertionError("unreachable")
