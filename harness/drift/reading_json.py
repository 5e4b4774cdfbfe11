"""JSON into a growing document, token by token: every value with its line."""

from __future__ import annotations

import re
from json import decoder
from typing import Any, NoReturn

from harness.drift.growing import Growing
from harness.drift.unreadable import Unreadable

_scan: Any = vars(decoder)["scanstring"]
_SPACE = re.compile(r"[ \t\r\n]*")
_LITERAL = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_MAX_DIGITS = 1_000
_MEMBER = re.compile(r'(,?)[ \t\r\n]*"([^"\\\x00-\x1f]*)":[ \t]*(?:"([^"\\\x00-\x1f]*)"|(?=([^ \t\r\n])))')
"""A member of an object whose key, and whose value if it is a string, are written without escapes, on one line."""


def read_json(text: str, growing: Growing) -> None:
    """Fill `growing` from `text`.

    Raises:
        NotJson: syntax errors.
        Unreadable: as Growing.
    """
    reader = _Reader(text, growing)
    reader.read()


class NotJson(Unreadable):
    """The text is not JSON; it may still be YAML."""


class _Reader:
    """Where in the text it is, on which line, and which brackets are open."""

    def __init__(self, text: str, growing: Growing) -> None:
        self.text, self.growing = text, growing
        self.at, self.line, self.brackets = 0, 1, [""]

    def read(self) -> None:
        self._space()
        self._value()
        while self.brackets[-1]:
            self._next_member()
        if self._space():
            self._refuse("text after the end of the document")

    def _space(self) -> str:
        """Skip white space; the character that follows, "" at the end."""
        match = _SPACE.match(self.text, self.at)
        end = match.end() if match else self.at
        if end > self.at:
            self.line += self.text.count("\n", self.at, end)
            self.at = end
        return self.text[end:end + 1]

    def _next_member(self) -> None:
        bracket, fresh = self.brackets[-1][0], len(self.brackets[-1]) == 1
        character = self._space()
        if character and character == ("}" if bracket == "{" else "]"):
            self.at += 1
            self.brackets.pop()
            self.growing.closed()
            return
        if bracket == "{" and self._plain_member(fresh):
            return
        if not fresh:
            if character != ",":
                self._refuse("a comma or the closing bracket is missing")
            self.at += 1
            character = self._space()
        self.brackets[-1] = bracket + ","
        if bracket == "{":
            if character != '"':
                self._refuse("a key in double quotes is missing")
            line = self.line
            self.growing.key(self._string(), line)
            if self._space() != ":":
                self._refuse("a colon is missing")
            self.at += 1
            self._space()
        self._value()

    def _plain_member(self, fresh: bool) -> bool:
        """Read a member as most are written, in one go; False: it is not one."""
        found = _MEMBER.match(self.text, self.at)
        if found is None or fresh == bool(found.group(1)):
            return False
        _, key, text, other = found.groups()
        self.line += self.text.count("\n", self.at, found.start(2))
        self.at = found.end()
        self.brackets[-1] = "{,"
        self.growing.key(key, self.line)
        if other is None:
            self.growing.scalar(text, self.line)
        else:
            self._value()
        return True

    def _value(self) -> None:
        character, line = self.text[self.at:self.at + 1], self.line
        if character == '"':
            self.growing.scalar(self._string(), line)
        elif character == "{" or character == "[":
            self.at += 1
            self.brackets.append(character)
            self.growing.opened({} if character == "{" else [], line)
        else:
            self.growing.scalar(self._literal(), line)

    def _string(self) -> str:
        try:
            value, self.at = _scan(self.text, self.at + 1, True)
        except ValueError as error:
            self._refuse(str(error).partition(":")[0])
        return str(value)

    def _literal(self) -> Any:
        match = _LITERAL.match(self.text, self.at)
        if match is None or match.end() - self.at > _MAX_DIGITS:
            self._refuse("a value is missing" if match is None else "a number of too many digits")
        self.at = match.end()
        found = match.group()
        if found in _WORDS:
            return _WORDS[found]
        if self.growing.wants_text():
            return found
        try:
            number = int(found)
        except ValueError:
            number = float(found)  # type: ignore[assignment]
        return number

    def _refuse(self, problem: str) -> NoReturn:
        raise NotJson(self.growing.file, self.line, f"not JSON: {problem}", "correct the syntax there")
