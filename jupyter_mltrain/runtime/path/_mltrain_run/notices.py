"""One line on stderr, once, for what goes wrong beside the training."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Set

_said: "Set[str]" = set()


def say(sentence: str) -> None:
    """Print a line on stderr; a stream that is gone is no reason to stop a training."""
    try:
        print(sentence, file=sys.stderr, flush=True)
    except (AttributeError, OSError, ValueError):
        pass


def say_once(topic: str, sentence: str) -> None:
    """Print a line unless this process said one on the same topic before."""
    if topic not in _said:
        _said.add(topic)
        say(sentence)


def reason(error: OSError) -> str:
    """What the operating system says, without number and path."""
    return error.strerror or str(error)
