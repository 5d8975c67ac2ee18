"""What a terminal would show of a stream: progress bars folded, controls gone, a bounded tail."""

from __future__ import annotations

import codecs
import re
from collections import deque
from typing import Final

TAIL_BYTES: Final = 60_000
"""How much of an output is shown where not all of it is."""

_HIDDEN: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
"""Characters that act instead of showing: C0 without tab and newline, C1, changes of direction."""

_TOKEN: Final = re.compile(
    rf"(?P<text>[^\n{_HIDDEN}]+)"
    r"|(?P<csi>\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~]))"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[PX^_][^\x1b]*\x1b\\"
    r"|\x1b[ -/]*[0-~]"
    r"|(?P<control>.)",
    re.DOTALL,
)
_ACTS: Final = re.compile(f"[{_HIDDEN}]")
_PARTIAL: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)\Z"
)
_LONGEST_SEQUENCE: Final = 4_096

_PLAIN: Final = "\x1b[0m"


class Folding:
    """Takes a stream piece by piece and keeps the end of what a terminal would show.

    Understood are carriage return, backspace, cursor movements within the kept lines, erasing
    and colours; every other control sequence is dropped. Memory is bounded by `limit_bytes`,
    however much comes and however long its lines are.

    References
    ----------
    ECMA-48: 8.3.117 SGR, 8.3.41 EL, 8.3.39 ED, 8.3.18 to 8.3.22 cursor movements.
    """

    def __init__(self, limit_bytes: int = TAIL_BYTES) -> None:
        self._limit = limit_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pending = ""
        # A cell is one character after the colours it has; so most cells are just a character.
        self._rows: deque[list[str]] = deque([[]])
        self._cells = 0
        self._row = 0
        self._column = 0
        self._style = _Style()
        self.cut = False
        """Whether something of the beginning is not kept."""

    def feed_bytes(self, data: bytes) -> None:
        """Take the next bytes; what is not UTF-8 shows as U+FFFD."""
        self.feed(self._decoder.decode(data))

    def feed(self, text: str) -> None:
        """Take the next piece of text, which may end anywhere."""
        if not self._pending and not _ACTS.search(text) and self._at_end and not self._style:
            self._append(text)
            return
        text = self._pending + text
        self._pending = ""
        partial = _PARTIAL.search(text, max(0, len(text) - _LONGEST_SEQUENCE))
        if partial is not None:
            self._pending = partial[0]
            text = text[: partial.start()]
        for token in _TOKEN.finditer(text):
            if token["text"]:
                self._write(token["text"])
            elif token["csi"]:
                self._command(token["parameters"], token["final"])
            elif token["control"]:
                self._control(token["control"])

    @property
    def text(self) -> str:
        """The tail: at most `limit_bytes` of UTF-8, cut at a line where it can be."""
        text = "\n".join(map(_shown, self._rows))
        data = text.encode("utf-8", "replace")
        if len(data) <= self._limit:
            return text
        return _from_a_line(data[-self._limit :].decode("utf-8", "ignore"))

    @property
    def _at_end(self) -> bool:
        return self._row == len(self._rows) - 1 and self._column == len(self._rows[-1])

    def _append(self, text: str) -> None:
        """Text in which nothing acts but newlines, where nothing is to be overwritten."""
        if len(text) > self._limit:
            self._clear()
            self.cut = True
            text = _from_a_line(text[-self._limit :])
        first, *others = text.split("\n")
        self._rows[-1].extend(first)
        self._rows.extend(map(list, others))
        self._cells += len(text)
        self._row, self._column = len(self._rows) - 1, len(self._rows[-1])
        self._trim()

    def _write(self, text: str) -> None:
        row = self._rows[self._row]
        before = len(row)
        if self._column > before:
            row.extend(" " * (self._column - before))
        prefix = self._style.prefix
        row[self._column : self._column + len(text)] = (
            [prefix + each for each in text] if prefix else text
        )
        self._column += len(text)
        self._cells += len(row) - before
        self._trim()

    def _control(self, control: str) -> None:
        if control == "\n":
            self._row += 1
            self._column = 0
            if self._row == len(self._rows):
                self._rows.append([])
                self._cells += 1
                self._trim()
        elif control == "\r":
            self._column = 0
        elif control == "\b":
            self._column = max(0, self._column - 1)

    def _command(self, parameters: str, final: str) -> None:
        if final == "m":
            self._style.apply(parameters)
            return
        # Nobody's terminal is wider; a hostile number must not cost memory.
        count = min(int(parameters), 1_000) if re.fullmatch(r"[0-9]{1,9}", parameters) else 0
        if final == "K":
            self._erase_in_line(count)
        elif final == "J":
            self._erase_in_display(count)
        elif final == "A":
            self._row = max(0, self._row - max(1, count))
        elif final == "B":
            self._row = min(len(self._rows) - 1, self._row + max(1, count))
        elif final == "C":
            self._column = min(1_000, self._column + max(1, count))
        elif final == "D":
            self._column = max(0, self._column - max(1, count))
        elif final == "G":
            self._column = max(0, count - 1)

    def _erase_in_line(self, what: int) -> None:
        row = self._rows[self._row]
        before = len(row)
        if what == 0:
            del row[self._column :]
        elif what == 1:
            row[: self._column + 1] = " " * min(before, self._column + 1)
        else:
            row.clear()
        self._cells += len(row) - before

    def _erase_in_display(self, what: int) -> None:
        if what >= 2:
            self._clear()
            return
        if what == 0:
            self._erase_in_line(0)
            while len(self._rows) - 1 > self._row:
                self._cells -= len(self._rows.pop()) + 1

    def _clear(self) -> None:
        self._rows = deque([[]])
        self._cells = self._row = self._column = 0

    def _trim(self) -> None:
        """Drop what is too far back: whole lines, and of one endless line its beginning."""
        while len(self._rows) > 1 and self._cells - len(self._rows[0]) - 1 >= self._limit:
            self._cells -= len(self._rows.popleft()) + 1
            self._row = max(0, self._row - 1)
            self.cut = True
        excess = len(self._rows[0]) - 2 * self._limit
        if len(self._rows) == 1 and excess > 0:
            # Not at every character: to cut a list costs its length.
            drop = excess + self._limit
            del self._rows[0][:drop]
            self._cells -= drop
            self._column = max(0, self._column - drop)
            self.cut = True


class _Style:
    """The colours and other attributes that are switched on."""

    _OFF: Final = {"22": "1", "24": "4", "27": "7", "29": "9", "23": "3", "39": "38", "49": "48"}

    def __init__(self) -> None:
        self._on: dict[str, str] = {}
        self.prefix = ""

    def __bool__(self) -> bool:
        return bool(self._on)

    def apply(self, parameters: str) -> None:
        """Follow one SGR sequence; what it does not know, it passes over."""
        codes = deque(parameters.split(";"))
        while codes:
            code = codes.popleft().lstrip("0")
            if code == "":
                self._on.clear()
            elif code in ("38", "48"):
                kind = codes.popleft() if codes else ""
                rest = [codes.popleft() for _ in range({"5": 1, "2": 3}.get(kind, 0)) if codes]
                if all(each.isdecimal() and len(each) <= 3 for each in rest) and rest:
                    self._on[code] = ";".join([code, kind, *rest])
            elif code in self._OFF:
                self._on.pop(self._OFF[code], None)
            elif (group := _group(code)) is not None:
                self._on[group] = code
        self.prefix = f"\x1b[{';'.join(self._on.values())}m" if self._on else ""


def _group(code: str) -> str | None:
    """The attribute that a code sets, by the code that stands for it; `None` for none we keep."""
    if not code.isdecimal() or len(code) > 3:
        return None
    number = int(code)
    if 30 <= number <= 37 or 90 <= number <= 97:
        return "38"
    if 40 <= number <= 47 or 100 <= number <= 107:
        return "48"
    return {1: "1", 2: "1", 3: "3", 4: "4", 7: "7", 9: "9"}.get(number)


def _shown(row: list[str]) -> str:
    """A row as text, with a colour's sequence only where it changes."""
    text = "".join(row)
    if "\x1b" not in text:
        return text
    parts = []
    style = ""
    for cell in row:
        if cell[:-1] != style:
            if style:
                parts.append(_PLAIN)
            style = cell[:-1]
            parts.append(style)
        parts.append(cell[-1])
    return "".join([*parts, _PLAIN] if style else parts)


def _from_a_line(text: str) -> str:
    """A text that was cut somewhere, from its first whole line on, if it has more than one."""
    newline = text.find("\n")
    return text[newline + 1 :] if 0 <= newline < len(text) - 1 else text


def fold(text: str, limit_bytes: int = TAIL_BYTES) -> str:
    """What a terminal would show of a whole text, its last `limit_bytes`."""
    folding = Folding(limit_bytes)
    folding.feed(text)
    return folding.text


def plain(text: str) -> str:
    """A text for one line of a list: no controls, no line breaks, no colours."""
    return re.sub(r"\x1b\[[0-?]*[ -/]*[@-~]", "", text).translate(_BLANKS)


_BLANKS: Final = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029], " "),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], None),
}
