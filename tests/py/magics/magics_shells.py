"""A kernel as a front end has it, for the tests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

KERNEL_S = 60.0
"""A kernel that is silent for so long is broken."""

_DISPLAYS = ("display_data", "update_display_data", "execute_result")


@dataclass
class Outcome:
    """What one cell has sent."""

    status: str = ""
    streams: dict[str, str] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    displays: list[dict[str, Any]] = field(default_factory=list)
    """Content of each display message and update, in order."""
    times: list[float] = field(default_factory=list)
    """When each of `displays` came."""
    interruptions: int = 0

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.streams.get("stdout", "")

    @property
    def cards(self) -> list[str]:
        """The text of each display and update."""
        return [content["data"].get("text/plain", "") for content in self.displays]

    @property
    def card(self) -> str:
        """The run card as it is in the end."""
        kept = {
            content["transient"]["display_id"]: content["data"]["text/plain"]
            for content in self.displays
            if "display_id" in content.get("transient", {})
        }
        assert len(kept) == 1, kept
        return str(next(iter(kept.values())))

    @property
    def shown_error(self) -> str:
        """What the front end shows of the error."""
        assert len(self.errors) == 1, self
        return "\n".join(self.errors[0]["traceback"])


class Kernel:
    """A running kernel, asked as a front end asks it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client

    def run(self, code: str, interrupt_at: str | None = None) -> Outcome:
        """Execute a cell to its end, or interrupt it once the card says something."""
        outcome = Outcome()

        def take(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                name = content["name"]
                outcome.streams[name] = outcome.streams.get(name, "") + content["text"]
            elif kind == "error":
                outcome.errors.append(content)
            elif kind in _DISPLAYS:
                outcome.displays.append(content)
                outcome.times.append(time.monotonic())
                if outcome.interruptions == 0 and (interrupt_at or "\0") in outcome.cards[-1]:
                    outcome.interruptions += 1
                    self._manager.interrupt_kernel()

        reply = self._client.execute_interactive(
            code, timeout=KERNEL_S, output_hook=take, allow_stdin=False
        )
        outcome.status = reply["content"]["status"]
        return outcome

    def value(self, expression: str) -> str:
        """The repr of an expression in the notebook's namespace."""
        reply = self._client.execute(
            "", silent=True, user_expressions={"asked": expression}, reply=True, timeout=KERNEL_S
        )
        content = reply["content"]["user_expressions"]["asked"]
        assert content["status"] == "ok", content
        return str(content["data"]["text/plain"])

    def complete(self, code: str) -> list[str]:
        """What Tab offers at the end of the code."""
        reply = self._client.complete(code, len(code), reply=True, timeout=KERNEL_S)
        return list(reply["content"]["matches"])
