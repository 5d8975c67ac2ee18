"""The text that names every package of an environment exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_HEAD: Final = "# Every package of this environment, exactly. Made by jupyter_mltrain."
_EXPLICIT: Final = "@EXPLICIT"
_PIP: Final = "# pip: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """Packages by version, URL and hash.

    As text it is a requirements file; with conda packages, a file as ``conda create --file`` takes
    it, in which those of pip are comments.
    """

    python: str
    """Version, as in ``3.11.7``."""
    platform: str | None = None
    """conda's name of it, as in ``linux-64``, where there are conda packages."""
    conda: tuple[str, ...] = ()
    """URLs with hashes, as in ``https://…/numpy-2.1.0-py311_0.conda#sha256:4f1c…``, in an order
    in which they can be installed."""
    pip: tuple[str, ...] = ()
    """Requirements, as in ``numpy==2.1.0``."""

    @property
    def packages(self) -> int:
        """How many there are."""
        return len(self.conda) + len(self.pip)

    @property
    def text(self) -> str:
        """What `parsed` reads."""
        lines = [_HEAD, f"# python: {self.python}"]
        if self.platform is None:
            lines += self.pip
        else:
            lines += [f"# platform: {self.platform}", _EXPLICIT, *self.conda]
            lines += [f"{_PIP}{each}" for each in self.pip]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parsed(cls, text: str) -> Lock:
        """Read the text of a lock."""
        facts: dict[str, str] = {}
        conda: list[str] = []
        pip: list[str] = []
        for line in text.splitlines():
            if line.startswith(_PIP):
                pip.append(line[len(_PIP) :])
            elif line.startswith("# ") and ": " in line:
                name, _, value = line[2:].partition(": ")
                facts[name] = value
            elif line and not line.startswith(("#", "@")):
                (conda if "platform" in facts else pip).append(line)
        return cls(
            python=facts["python"],
            platform=facts.get("platform"),
            conda=tuple(conda),
            pip=tuple(pip),
        )
