"""Mask the secrets of one text in one pass over its words.

The scan reads a word, and sometimes the text behind it, and continues there. It never goes back, so its time is linear
in the length of the text. Each call of `re` gets at most `STRETCH` characters: a call holds the interpreter's lock and
stops every other thread until it returns.
"""

import re

from orchestrator_gql.utils.json import secret_values as values
from orchestrator_gql.utils.json.secret_rules import (
    COUNTED,
    GLUED,
    HEADERS,
    LOGIN,
    LOGIN_COMMANDS,
    OPTIONS,
    PAIR,
    PROSE,
    SAYINGS,
    VALUE,
    Rule,
)
from orchestrator_gql.utils.json.secret_spans import FIRST, Span, Spans, is_prose
from orchestrator_gql.utils.json.secret_values import MASK, STRETCH
from orchestrator_gql.utils.json.secret_words import Word, Words

_LONGEST = 200
"""The most characters of a key."""

_WORD = re.compile(rf"(?<![\w.-])((?<=\\)[nrt](?=[\w.-]))?([\w.-]{{1,{_LONGEST}}}+)|(://)|(\$[0-9a-z][\w-]{{0,12}}\$)")
"""A word, without the ``n`` of an escaped line end before it; or the beginning of a URL's host or of a hash."""

_REST = re.compile(rf"[\w.-]{{1,{STRETCH}}}+")
_AFTER = re.compile(
    r"""(?P<close>(?P<depth>\\{0,63}+)["']\]?)?[^\S\n]{0,64}(?:\\{1,63}t)?(?P<sep>={1,2}>?|:=|:{1,2}|->|→)"""
    r"""[^\S\n]{0,64}(?:\\{1,63}t)?"""
)
_ELEMENT = re.compile(r"""(?:[^\S\n]{1,8}[\w:.-]{1,64}=(?:"[^"<>]{0,200}"|'[^'<>]{0,200}')){0,8}>(?:<!\[CDATA\[)?""")
_ARGUMENT = re.compile(r"""[^\S\n]{1,64}|\\{0,63}["'],\s{0,64}(?=\\{0,63}["'])""")
_PAIR_NAME = re.compile(r"""\b(?:name|key|variable)\\{0,63}["']?\s{0,8}[:=]\s{0,8}(?:\\{0,63}["'])?$""", re.IGNORECASE)
_PAIR_VALUE = re.compile(
    r"""(?:\\{0,63}["'])?(?:(?P<element>\s{0,8}>)|[\s,]{1,200}(?:type=["']\w{0,32}["']\s)?"""
    r"""(?:\\{0,63}["'])?value(?:\\{0,63}["'])?\s{0,8}[:=]\s{0,8})""",
    re.IGNORECASE,
)
"""Name and value as two members or attributes: ``"name": "DB_PASSWORD", "value": "…"``."""

_NUMBER = re.compile(r"\d{1,9}(?![\w.])")
_BLOCK = re.compile(
    r"""(?P<kind>(?:![\w-]{1,32}[^\S\n]{0,8})?(?:[|>][+-]?\d?[+-]?)?)[^\S\n]{0,64}(?P<line>\r?\n|(?P<slashes>\\{1,63})n)"""
)
_NEXT_QUOTED = re.compile(r"""\s{1,200}(?=")""")
_TAIL = re.compile(r"[\w.-]*$")

_NEW = Word("", "", False, False, (), None, False, False)
"""Stands for the meaning of a word that was not looked up yet."""


def _is_wordy(character: str) -> bool:
    return character.isalnum() or character in "_.-"


def _is_plural(name: str, count: str) -> bool:
    """Return whether the number is a count, not a secret: ``secrets: 3``, or ``pass: 12`` in a test report."""
    return (name.endswith("s") and not name.endswith("ss")) or (name == "pass" and len(count) < 5)


class SecretText:
    """The scan of one text, and its current place."""

    def __init__(self, text: str, words: Words, *, stretch: int = STRETCH) -> None:
        self.text = text
        self._words = words
        self._stretch = stretch
        self._spans = Spans(text, stretch)
        self._shown: list[str] = []
        self._at = self._copied = 0
        self._options: dict[str, str] = {}
        self._line_end = self._command_end = 0
        self._is_inside_a_word = False

    def shown(self) -> str:
        """Return the text with its secrets masked; the same object if it has none."""
        size = len(self.text)
        while self._at < size:
            begin = self._at
            end = min(begin + self._stretch, size)
            # a rule or a key begins at most 2048 characters before the hint by which it is found
            if self._command_end > begin or self._words.hint_in(self.text[begin : end + 2048]):
                while self._at < end:
                    self._at = self._scan(end)
            else:
                self._at = end
                self._is_inside_a_word = end < size and _is_wordy(self.text[end - 1]) and _is_wordy(self.text[end])
        if not self._shown:
            return self.text
        self._shown.append(self.text[self._copied :])
        return "".join(self._shown)

    def _scan(self, end: int) -> int:
        """Scan until a secret is found or the stretch ends; return where to continue."""
        at, text = self._at, self.text
        if self._is_inside_a_word:
            self._is_inside_a_word = False
            return self._rest_of_word(at)
        known, last = self._words.knows, end
        for match in _WORD.finditer(text, at, min(end + 2 * _LONGEST, len(text))):
            begin, last = match.span()
            if begin >= end:
                return end
            if match.lastindex != 2:
                span = self._form(match)
                following = self._hidden(span) if span else None
            else:
                word = match[2]
                if known(word, _NEW) is None and not match[1] and word[0] != "-":
                    continue
                if len(word) == _LONGEST:
                    return self._rest_of_word(last)
                following = self._word(word, match.start(2), match[1] or "")
            if following is not None:
                return following
        return max(end, last)

    def _form(self, match: re.Match[str]) -> Span | None:
        if not self._words.has_passwords:
            return None
        return self._spans.url(match.end()) if match.lastindex == 3 else self._spans.hash(match.start())

    def _rest_of_word(self, at: int) -> int:
        """Read a word that is longer than any key: its end may be a key."""
        while match := _REST.match(self.text, at):
            at = match.end()
        tail = _TAIL.search(self.text[max(0, at - _LONGEST) : at])
        word = tail[0] if tail else ""
        following = self._word(word, at - len(word), "") if word else None
        return at if following is None else following

    def _word(self, word: str, begin: int, escaped: str) -> int | None:
        """Mask the secret that the word announces; return where to continue, None for the next word."""
        if word[0] == "-":
            span = self._option(word, begin)
            if word.startswith("-----BEGIN") and self._words.has_private_keys:
                span = self._spans.pem(begin)
            if span:
                return self._hidden(span)
        meaning = self._words.word(word)
        if escaped and not (meaning and meaning.is_secret):
            meaning = self._words.word(escaped + word) or meaning
        if meaning is None:
            return None
        if meaning.is_command:
            self._command(meaning.key.lower(), begin + len(word))
        if meaning.is_secret and (following := self._announced(meaning, word, begin)) is not None:
            return following
        if meaning.any_rule and meaning.any_rule.match(self.text, begin):
            for rule in meaning.rules:
                if span := self._ruled(rule, begin):
                    following = self._hidden(span)
                    if rule.following and (more := rule.following.match(self.text, following)):
                        second = self._spans.value(more.end())
                        return self._hidden(second) if second else following
                    return following
        if meaning.is_shaped:
            end = values.bare_end(self.text, begin)
            return self._hidden((begin, end, end))
        return None

    def _announced(self, meaning: Word, word: str, begin: int) -> int | None:
        """Mask the value of a key: assigned, in an XML element, or the argument of an option."""
        text, at = self.text, begin + len(word)
        if after := _AFTER.match(text, at):
            if meaning.is_harmless or self._is_of_something_else(meaning, begin, after):
                return None
            span = self._assigned(meaning.name, begin, after)
            return self._hidden(span) if span else None
        if (pair := _PAIR_VALUE.match(text, at)) and _PAIR_NAME.search(text[max(0, begin - 48) : begin]):
            span = self._spans.element(pair.end()) if pair["element"] else self._spans.value(pair.end())
            return self._hidden(span) if span else None
        if text[begin - 1 : begin] in ("<", ":") and (opened := _ELEMENT.match(text, at)):
            span = self._spans.element(opened.end())
            return self._hidden(span) if span else None
        if word[0] == "-" and not meaning.is_harmless and (gap := _ARGUMENT.match(text, at)):
            span = None if text.startswith("-", gap.end()) else self._spans.value(gap.end())
            return self._hidden(span) if span else None
        return None

    def _is_of_something_else(self, meaning: Word, begin: int, after: re.Match[str]) -> bool:
        """Return whether the key means something else: a passed test, a working directory, or an Ansible role."""
        if meaning.name == "pass":
            return meaning.key.isupper() and after["sep"] == ":"
        if meaning.name in ("pwd", "oldpwd"):
            return self.text.startswith(("/", "~"), after.end())
        return self.text.startswith("[", begin - 1) and after[0] == " : "

    def _assigned(self, name: str, begin: int, after: re.Match[str]) -> Span | None:
        text, at = self.text, after.end()
        if after["close"] is None and name in HEADERS and not values.OPENING.match(text, at):
            return self._spans.header(name, begin, at)
        depth = len(after["depth"] or "")
        if block := _BLOCK.match(text, at):
            if after["close"] and (gap := _NEXT_QUOTED.match(text, at)):
                return self._spans.value(gap.end(), depth)
            return self._spans.block(begin, block) if ":" in after["sep"] else None
        if (count := COUNTED.match(text, at)) and _is_plural(name, count[0]):
            return None
        if after["close"] is None and after["sep"] == ":" and (span := self._spans.line(begin, at)):
            return span
        return self._spans.value(at, depth)

    def _command(self, command: str, at: int) -> None:
        """Watch for the command's options that hold secrets, up to the end of the line."""
        if command in LOGIN_COMMANDS:
            if LOGIN.match(self.text, at):
                self._options = {"-p": VALUE}
            else:
                return
        else:
            self._options = OPTIONS[command]
        if self._line_end <= at:
            line_end = self.text.find("\n", at)
            self._line_end = len(self.text) if line_end < 0 else line_end
        self._command_end = self._line_end

    def _option(self, word: str, begin: int) -> Span | None:
        if begin >= self._command_end:
            return None
        at = begin + len(word)
        kind = self._options.get(word)
        if (
            kind is None
            and self._options.get("-" + word[-1]) is PAIR
            and word[1:].isalpha()
            and word[:2] not in self._options
        ):
            kind = PAIR  # several options in one: ``-su``
        if kind is None:
            kind = self._options.get(word[:2])
            if kind is None or len(word) == 2 or word[1] == "-":
                return None
            return (
                self._spans.pair(begin + 2)
                if kind is PAIR
                else (self._spans.value(begin + 2) if kind is not None else None)
            )
        if kind is GLUED:
            return (
                self._spans.value(at)
                if values.OPENING.match(self.text, at) and "," not in self.text[at : at + 2]
                else None
            )
        gap = _ARGUMENT.match(self.text, at)
        start = gap.end() if gap else at
        if start == at and not values.OPENING.match(self.text, at) and self.text[at : at + 1] != "=":
            return None
        start += self.text[start : start + 1] == "="
        return self._spans.pair(start) if kind is PAIR else self._spans.value(start)

    def _ruled(self, rule: Rule, begin: int) -> Span | None:
        text = self.text
        match = rule.pattern.match(text, begin)
        if match is None:
            return None
        at = match.end()
        quoted = values.OPENING.match(text, at)
        if text.startswith(("{", "["), at) or (quoted and rule.is_line):
            return None
        if not quoted:
            first = FIRST.match(text, at)
            if first and is_prose(first[0], PROSE if rule.is_prose else SAYINGS):
                return None
        if rule.is_line and not self._is_line(begin, at):
            return None
        value = self._spans.value(at)
        return value if value and (quoted or value[1] - value[0] > 1) else None

    def _is_line(self, begin: int, at: int) -> bool:
        """Return whether the line is indented, as in a block of a configuration, or follows a prompt."""
        head = self._spans.line_head(begin)
        return (
            head is not None
            and bool(head[2] or head[0].rstrip().endswith(("#", ">")))
            and not _NUMBER.match(self.text, at)
        )

    def _hidden(self, span: Span) -> int:
        """Replace the secret by the mask; return where to continue."""
        begin, end, following = span
        self._shown += (self.text[self._copied : begin], MASK)
        self._copied = end
        return following
