"""Find where a secret ends that begins at a known place of a text: a value, header, block of lines or private key."""

import re

from orchestrator_gql.utils.json import secret_values as values
from orchestrator_gql.utils.json.secret_rules import (
    HASH,
    PEM,
    PEM_BODY,
    PEM_EDGE,
    SAYINGS,
    SCHEME,
    URL_PASSWORD,
    USERINFO,
)
from orchestrator_gql.utils.json.secret_values import MASK, STRETCH

_CONTENT = re.compile(rf"[^<]{{1,{STRETCH}}}+")
_USER = re.compile(r"""(?:\\{0,63}["'])?[^\s:"'\\,%]{1,200}[:,%]""")
_LINE_HEAD = re.compile(
    r"""([+-]?)([^\S\n]*)((?:-[^\S\n]+)*)(?:[\w.-]{1,64}(?:\([\w-]{1,32}\))?[#>][^\S\n]*)?\\*["']?"""
)
FIRST = re.compile(r"[\w-]{1,64}\.?(?=[\s,;:)}\]\"'\\<!?]|\Z)")

_ONE_LINE = re.compile(
    r"""(?!#)(?:(?![\s,;][\w.-]{1,64}\s?[:=]|[,;:]\s|\s#)[^\n"'\\{}\[\]<>|]){1,400}?(?=[^\S\n]{0,64}(?:\s#|\r?\n|\\{1,63}[nr]|\Z))"""
)
_HEADER_ENDS = {
    "": re.compile(r"""[\r\n]|\\{1,63}[rn"']"""),
    "any": re.compile(r"""[\r\n"']|\\{1,63}[rn"']"""),
    '"': re.compile(r"""[\r\n"]|\\{1,63}[rn"]"""),
    "'": re.compile(r"""[\r\n']|\\{1,63}[rn']"""),
}

Span = tuple[int, int, int]
"""The offsets where a secret begins and ends, and where the scan continues."""


class Spans:
    """Finds secrets in one text; each search begins at a given offset and only moves forward."""

    def __init__(self, text: str, stretch: int) -> None:
        self._text = text
        self._stretch = stretch
        self._ends: dict[int, int] = {}
        self._has_pem_end = True

    def value(self, at: int, depth: int = 0) -> Span | None:
        """Find a value in quotes, in brackets, or without both; None if there is no secret.

        ``depth`` is the number of backslashes before the quotes of the key.
        """
        text = self._text
        if call := values.CALL.match(text, at):
            at = call.end()
        opened = values.OPENING.match(text, at)
        begin = opened.end() if opened else at
        if values.is_harmless(text, begin, opened is not None):
            return None
        if opened:
            return (begin, *values.quoted_end(text, begin, opened["quote"], len(opened["depth"]), self._stretch))
        if text.startswith(("{", "["), at):
            end = values.bracket_end(text, at, depth, self._stretch)
        else:
            end = values.bare_end(text, at)
            first = FIRST.match(text, at)
            if (
                first
                and first.end() >= end
                and not text[max(0, at - 65) : at].rstrip().endswith("=")
                and is_prose(first[0])
            ):
                return None
        return (begin, end, end) if end > begin else None

    def pair(self, at: int) -> Span | None:
        """Find the password of ``user:password``."""
        match = _USER.match(self._text, at)
        if match is None:
            return None
        opened = values.OPENING.match(self._text, at)
        if not opened:
            return self.value(match.end())
        if values.is_harmless(self._text, match.end(), True):
            return None
        end, following = values.quoted_end(
            self._text, match.end(), opened["quote"], len(opened["depth"]), self._stretch
        )
        return match.end(), end, following

    def element(self, at: int) -> Span | None:
        """Find the content of an XML element."""
        text, end = self._text, at
        while match := _CONTENT.match(text, end):
            end = match.end()
        if not text.startswith(("</", "<\\/"), end) or not text[at:end].strip() or text.startswith(MASK, at):
            return None
        return at, end - 3 if text.endswith("]]>", at, end) else end, end

    def header(self, name: str, begin: int, at: int) -> Span | None:
        """Find the value of a header, without its scheme; ``begin`` is the offset of the header's name."""
        text = self._text
        scheme = SCHEME.match(text, at) if "cookie" not in name else None
        at = scheme.end() if scheme else at
        if values.is_harmless(text, at, False) or ((first := FIRST.match(text, at)) and is_prose(first[0])):
            return None
        if scheme and scheme["one"]:
            return self.value(at)
        opened = values.OPENING.match(text, begin - 1) if begin else None
        quote = opened["quote"] if opened else None
        end = self.find(_HEADER_ENDS[quote or ("" if scheme else "any")], at)
        return (at, end, end) if end > at else None

    def find(self, pattern: re.Pattern[str], at: int) -> int:
        """Return the offset of the pattern (at most 64 characters); the end of the text if it is not found."""
        while at < len(self._text):
            match = pattern.search(self._text, at, at + self._stretch + 64)
            if match and match.start() < at + self._stretch:
                return match.start()
            at += self._stretch
        return len(self._text)

    def line(self, begin: int, at: int) -> Span | None:
        """Find a value of several words, as in YAML: from the first key of a line to the end of the line."""
        line = _ONE_LINE.match(self._text, at)
        if line is None or " " not in line[0] or not self.line_head(begin) or values.is_harmless(self._text, at, False):
            return None
        if (first := FIRST.match(self._text, at)) and is_prose(first[0]):
            return None
        return at, line.end(), line.end()

    def line_head(self, begin: int) -> re.Match[str] | None:
        """Return the text before the first key of a line; None if the key is not the first."""
        before = self._text[max(0, begin - 120) : begin]
        line = max(before.rfind("\n") + 1, before.rfind("\\n") + 2)
        if line <= 1 and begin > 120:
            return None
        return _LINE_HEAD.fullmatch(before, line if line > 1 or before.startswith("\n") else 0)

    def block(self, begin: int, block: re.Match[str]) -> Span | None:
        """Find the lines below a key that are indented deeper than the key."""
        head = self.line_head(begin)
        if head is None and not block["kind"] and self._text[begin - 1 : begin] not in ("'", '"'):
            return None
        text, line, first = self._text, block["line"].lstrip("\r"), block.end()
        limit = self.outer_end(block.end(), len(block["slashes"]) - 1) if block["slashes"] else len(text)
        sign, width, items = (head[1], len(head[2]), len(head[2]) + len(head[3])) if head else ("", 0, 0)
        at = end = first
        while at < limit:
            stop = text.find(line, at, limit)
            stop = limit if stop < 0 else stop
            row = text[at : min(stop, at + 400)].removeprefix(sign or "\0").rstrip()
            bare = row.lstrip(" \t")
            indent = len(row) - len(bare)
            if row and not (indent > width or (indent == items and bare.startswith("- ") and not block["kind"])):
                break
            if row:
                if end == first:
                    first = at + text[at:stop].index(bare[0], len(sign))
                end = at + len(text[at:stop].rstrip())
            at = stop + len(line)
        body = text[first : min(end, first + 200)]
        if end <= first or body.startswith(MASK):
            return None
        return first, end, end

    def outer_end(self, at: int, depth: int) -> int:
        """Return where the quoted text around ``at`` ends."""
        if self._ends.get(depth, 0) <= at:
            self._ends[depth] = values.quoted_end(self._text, at, '"', depth, self._stretch)[0]
        return self._ends[depth]

    def pem(self, begin: int) -> Span | None:
        """Find a private key, without its BEGIN and END lines."""
        text = self._text
        match = PEM.match(text, begin)
        if match is None:
            return None
        at = match.end()
        end = text.find("-----END", at) if self._has_pem_end else -1
        if end < 0:
            self._has_pem_end, end = False, at
            while body := PEM_BODY.match(text, end):
                end = body.end()
        following = end
        edge = PEM_EDGE.match(text, at)
        at = edge.end() if edge else at
        tail = re.search(r"(?:\s|\\{1,63}[nr])*$", text[max(at, end - 64) : end])
        end -= len(tail[0]) if tail else 0
        return (at, end, following) if end > at else None

    def hash(self, begin: int) -> Span | None:
        """Find a hashed or obfuscated password."""
        match = HASH.match(self._text, begin)
        return (begin, match.end(), match.end()) if match else None

    def url(self, at: int) -> Span | None:
        """Find the password in a URL; ``at`` is the offset behind ``://``."""
        user = USERINFO.match(self._text, at - 3)
        match = URL_PASSWORD.match(self._text, user.end()) if user else None
        if match is None or values.is_harmless(self._text, match.start(), False):
            return None
        return match.start(), match.end(), match.end()


def is_prose(word: str, words: frozenset[str] = SAYINGS) -> bool:
    """Return whether a word says something about a secret, and is not a secret itself."""
    return word.rstrip(".").lower() in words or len(word) == 1
