"""The secrets of one text, found in one pass over its words.

The scan reads a word, perhaps what follows it, and goes on behind that: it never goes back, so that its time grows with
the length of the text and with nothing else. It keeps its place between calls of `re`, none of which sees more than
`STRETCH` characters: a call holds the interpreter's lock, and with it every other thread, for as long as it runs.
"""

import re

from orchestrator_gql.utils.json import secret_values as values
from orchestrator_gql.utils.json.secret_rules import (
    COUNTED,
    GLUED,
    HASH,
    HEADERS,
    LOGIN,
    LOGIN_COMMANDS,
    NO_SECRETS,
    OPTIONS,
    PAIR,
    PEM,
    PEM_BODY,
    PEM_EDGE,
    SCHEME,
    URL_PASSWORD,
    USERINFO,
    VALUE,
    Rule,
)
from orchestrator_gql.utils.json.secret_values import MASK, STRETCH
from orchestrator_gql.utils.json.secret_words import Word, Words

_LONGEST = 200
"""Characters of a key."""

_WORD = re.compile(
    rf"(?<![\w.-])((?<=\\)[nrt](?=[\w.-]))?([\w.-]{{1,{_LONGEST}}}+)|(://)|(\$[0-9a-z][\w-]{{0,12}}\$)"
)
"""A word without the ``n`` of an escaped line end before it; or the beginning of a URL's host or of a hash."""

_REST = re.compile(rf"[\w.-]{{1,{STRETCH}}}+")
_AFTER = re.compile(r"""(?P<close>(?P<depth>\\{0,63}+)["']\]?)?[^\S\n]{0,64}(?P<sep>={1,2}>?|:=|:{1,2})[^\S\n]{0,64}""")
_ELEMENT = re.compile(r"""(?:[^\S\n]{1,8}[\w:.-]{1,64}=(?:"[^"<>]{0,200}"|'[^'<>]{0,200}')){0,8}>(?:<!\[CDATA\[)?""")
_CONTENT = re.compile(rf"[^<]{{1,{STRETCH}}}+")
_ARGUMENT = re.compile(r"""[^\S\n]{1,64}|\\{0,63}["'],\s{0,64}(?=\\{0,63}["'])""")
_USER = re.compile(r"""(?:\\{0,63}["'])?[^\s:"'\\,%]{1,200}[:,%]""")
_LINE_HEAD = re.compile(r"""([+-]?)([^\S\n]*)((?:-[^\S\n]+)*)(?:[\w.-]{1,64}(?:\([\w-]{1,32}\))?[#>][^\S\n]*)?\\*["']?""")
_NUMBER = re.compile(r"\d{1,9}(?![\w.])")
_ONE_LINE = re.compile(r"""[^\s"'\\=:{}\[\],;#<>|][^\n"'\\=:{}\[\],;#<>|]{0,400}?(?=[^\S\n]{0,64}(?:\s#|\r?\n|\\{1,63}[nr]|\Z))""")
_BLOCK = re.compile(r"""(?P<kind>(?:![\w-]{1,32}[^\S\n]{0,8})?(?:[|>][+-]?\d?[+-]?)?)[^\S\n]{0,64}(?P<line>\r?\n|(?P<slashes>\\{1,63})n)""")
_NEXT_QUOTED = re.compile(r"""\s{1,200}(?=")""")
_HEADER_ENDS = {
    "": re.compile(r"""[\r\n]|\\{1,63}[rn"']"""),
    "any": re.compile(r"""[\r\n"']|\\{1,63}[rn"']"""),
    '"': re.compile(r"""[\r\n"]|\\{1,63}[rn"]"""),
    "'": re.compile(r"""[\r\n']|\\{1,63}[rn']"""),
}
_FIRST = re.compile(r"[\w-]{1,64}\.?(?=[\s,;:)}\]\"'\\<!?]|\Z)")

_TAIL = re.compile(r"[\w.-]*$")

_NEW = Word("", "", False, False, (), None, False, False)
"""What a word means that was not looked up yet."""

Span = tuple[int, int, int]
"""Where a secret begins and ends, and where the text goes on."""


def _is_wordy(letter: str) -> bool:
    return letter.isalnum() or letter in "_.-"


def _is_plural(name: str, count: str) -> bool:
    """Whether the number counts secrets and is none: ``secrets: 3``; ``pass: 12`` is of a report about tests."""
    return (name.endswith("s") and not name.endswith("ss")) or (name == "pass" and len(count) < 5)


class SecretText:
    """One text and the place that its scan has reached."""

    def __init__(self, text: str, words: Words, *, stretch: int = STRETCH) -> None:
        self.text = text
        self._words = words
        self._stretch = stretch
        self._shown: list[str] = []
        self._at = self._copied = 0
        self._options: dict[str, str] = {}
        self._line_end = self._command_end = 0
        self._ends: dict[int, int] = {}
        self._has_pem_end = True
        self._is_inside_a_word = False

    def shown(self) -> str:
        """The text without its secrets; the very same one if it has none."""
        size = len(self.text)
        while self._at < size:
            begin = self._at
            end = min(begin + self._stretch, size)
            # a rule and a key begin at most this far before what they are known by
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
        """Go on until a secret is found or the stretch ends; where to go on from."""
        at, text = self._at, self.text
        if self._is_inside_a_word:
            self._is_inside_a_word = False
            return self._rest_of_word(at)
        known, last = self._words.knows, end
        for found in _WORD.finditer(text, at, min(end + 2 * _LONGEST, len(text))):
            begin, last = found.span()
            if begin >= end:
                return end
            if found.lastindex != 2:
                following = self._url(last) if found.lastindex == 3 else self._hash(begin)
            else:
                word = found[2]
                if known(word, _NEW) is None and not found[1] and word[0] != "-":
                    continue
                if len(word) == _LONGEST:
                    return self._rest_of_word(last)
                following = self._word(word, found.start(2), found[1] or "")
            if following is not None:
                return following
        return max(end, last)

    def _rest_of_word(self, at: int) -> int:
        """A word longer than any key: its end may be a key, as it always was."""
        while found := _REST.match(self.text, at):
            at = found.end()
        tail = _TAIL.search(self.text[max(0, at - _LONGEST) : at])
        word = tail[0] if tail else ""
        following = self._word(word, at - len(word), "") if word else None
        return at if following is None else following

    def _word(self, word: str, begin: int, escaped: str) -> int | None:
        """Hide the secret that the word announces; where the scan goes on, and None if that is the next word."""
        if word[0] == "-":
            found = self._pem(begin) if word.startswith("-----BEGIN") else self._option(word, begin)
            if found:
                return self._hidden(found)
        told = self._words.word(word)
        if escaped and not (told and told.is_secret):
            told = self._words.word(escaped + word) or told
        if told is None:
            return None
        if told.is_command:
            self._command(told.key.lower(), begin + len(word))
        if told.is_secret and (following := self._announced(told, word, begin)) is not None:
            return following
        if told.any_rule and told.any_rule.match(self.text, begin):
            for rule in told.rules:
                if found := self._ruled(rule, begin):
                    following = self._hidden(found)
                    if rule.following and (more := rule.following.match(self.text, following)):
                        second = self._value(more.end())
                        return self._hidden(second) if second else following
                    return following
        if told.is_shaped:
            end = values.bare_end(self.text, begin)
            return self._hidden((begin, end, end))
        return None

    # what a key announces

    def _announced(self, told: Word, word: str, begin: int) -> int | None:
        """The value behind a key: assigned, in an element of XML, or the argument of an option."""
        text, at = self.text, begin + len(word)
        if after := _AFTER.match(text, at):
            if told.is_harmless or self._is_of_something_else(told, begin, after):
                return None
            found = self._assigned(told.name, begin, after)
            return self._hidden(found) if found else None
        if text[begin - 1 : begin] in ("<", ":") and (opened := _ELEMENT.match(text, at)):
            return self._element(opened.end())
        if word[0] == "-" and not told.is_harmless and (gap := _ARGUMENT.match(text, at)):
            found = None if text.startswith("-", gap.end()) else self._value(gap.end())
            return self._hidden(found) if found else None
        return None

    def _is_of_something_else(self, told: Word, begin: int, after: re.Match[str]) -> bool:
        """A test that passed, the working directory, the name of a role before that of its task."""
        if told.name == "pass":
            return told.key.isupper() and after["sep"] == ":"
        if told.name in ("pwd", "oldpwd"):
            return self.text.startswith(("/", "~"), after.end())
        return self.text.startswith("[", begin - 1) and after[0] == " : "

    def _assigned(self, name: str, begin: int, after: re.Match[str]) -> Span | None:
        text, at = self.text, after.end()
        if after["close"] is None and name in HEADERS and not values.OPENING.match(text, at):
            return self._header(name, begin, at)
        depth = len(after["depth"] or "")
        if block := _BLOCK.match(text, at):
            if after["close"] and (gap := _NEXT_QUOTED.match(text, at)):
                return self._value(gap.end(), depth)
            return self._block(begin, block) if ":" in after["sep"] else None
        if (count := COUNTED.match(text, at)) and _is_plural(name, count[0]):
            return None
        if after["close"] is None and after["sep"] == ":" and (found := self._line(begin, at)):
            return found
        return self._value(at, depth)

    def _line(self, begin: int, at: int) -> Span | None:
        """A value of several words, as YAML has them: behind the first key of a line, up to its end."""
        line = _ONE_LINE.match(self.text, at)
        if line is None or " " not in line[0] or not self._line_head(begin) or values.is_harmless(self.text, at, False):
            return None
        if (first := _FIRST.match(self.text, at)) and self._is_prose(first[0]):
            return None
        return at, line.end(), line.end()

    def _line_head(self, begin: int) -> re.Match[str] | None:
        """What stands before the first key of a line; None if the key is another one."""
        before = self.text[max(0, begin - 120) : begin]
        line = max(before.rfind("\n") + 1, before.rfind("\\n") + 2)
        if line <= 1 and begin > 120:
            return None
        return _LINE_HEAD.fullmatch(before, line if line > 1 or before.startswith("\n") else 0)

    def _block(self, begin: int, block: re.Match[str]) -> Span | None:
        """The lines below a key, as far as they are indented deeper than it."""
        head = self._line_head(begin)
        if head is None and not block["kind"] and self.text[begin - 1 : begin] not in ("'", '"'):
            return None
        text, line, first = self.text, block["line"].lstrip("\r"), block.end()
        limit = self._outer_end(block.end(), len(block["slashes"]) - 1) if block["slashes"] else len(text)
        sign, width, items = (head[1], len(head[2]), len(head[2]) + len(head[3])) if head else ("", 0, 0)
        at = end = first
        while at < limit:
            stop = text.find(line, at, limit)
            stop = limit if stop < 0 else stop
            row = text[at : min(stop, at + 400)].removeprefix(sign or "\0").rstrip()
            bare = row.lstrip(" \t")
            indent = len(row) - len(bare)
            if row and not (indent > width or indent == items and bare.startswith("- ") and not block["kind"]):
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

    def _outer_end(self, at: int, depth: int) -> int:
        """Where the quoted text ends that the scan is in."""
        if self._ends.get(depth, 0) <= at:
            self._ends[depth] = values.quoted_end(self.text, at, '"', depth, self._stretch)[0]
        return self._ends[depth]

    def _header(self, name: str, begin: int, at: int) -> Span | None:
        text = self.text
        scheme = SCHEME.match(text, at) if "cookie" not in name else None
        at = scheme.end() if scheme else at
        if values.is_harmless(text, at, False) or ((first := _FIRST.match(text, at)) and self._is_prose(first[0])):
            return None
        if scheme and scheme["one"]:
            return self._value(at)
        opened = values.OPENING.match(text, begin - 1) if begin else None
        quote = opened["quote"] if opened else None
        end = self._find(_HEADER_ENDS[quote or ("" if scheme else "any")], at)
        return (at, end, end) if end > at else None

    def _find(self, pattern: re.Pattern[str], at: int) -> int:
        """Where the pattern, of at most 64 characters, is found; the end of the text if it is not."""
        while at < len(self.text):
            found = pattern.search(self.text, at, at + self._stretch + 64)
            if found and found.start() < at + self._stretch:
                return found.start()
            at += self._stretch
        return len(self.text)

    def _element(self, at: int) -> int | None:
        text, end = self.text, at
        while found := _CONTENT.match(text, end):
            end = found.end()
        if not text.startswith(("</", "<\\/"), end) or not text[at:end].strip() or text.startswith(MASK, at):
            return None
        return self._hidden((at, end - 3 if text.endswith("]]>", at, end) else end, end))

    # options, lines of devices, forms

    def _command(self, command: str, at: int) -> None:
        """The options that hold secrets, up to the end of the line."""
        if command in LOGIN_COMMANDS:
            if LOGIN.match(self.text, at):
                self._options = {"-p": VALUE}
            else:
                return
        else:
            self._options = OPTIONS[command]
        if self._line_end <= at:
            found = self.text.find("\n", at)
            self._line_end = len(self.text) if found < 0 else found
        self._command_end = self._line_end

    def _option(self, word: str, begin: int) -> Span | None:
        if begin >= self._command_end:
            return None
        at = begin + len(word)
        kind = self._options.get(word)
        if kind is None:
            kind = self._options.get(word[:2])
            if kind is None or len(word) == 2 or word[1] == "-":
                return None
            return self._pair(begin + 2) if kind is PAIR else (self._value(begin + 2) if kind is not None else None)
        if kind is GLUED:
            return self._value(at) if values.OPENING.match(self.text, at) and "," not in self.text[at : at + 2] else None
        gap = _ARGUMENT.match(self.text, at)
        start = gap.end() if gap else at
        if start == at and not values.OPENING.match(self.text, at) and self.text[at : at + 1] != "=":
            return None
        start += self.text[start : start + 1] == "="
        return self._pair(start) if kind is PAIR else self._value(start)

    def _pair(self, at: int) -> Span | None:
        found = _USER.match(self.text, at)
        if found is None:
            return None
        opened = values.OPENING.match(self.text, at)
        if not opened:
            return self._value(found.end())
        if values.is_harmless(self.text, found.end(), True):
            return None
        end, following = values.quoted_end(
            self.text, found.end(), opened["quote"], len(opened["depth"]), self._stretch
        )
        return found.end(), end, following

    def _ruled(self, rule: Rule, begin: int) -> Span | None:
        text = self.text
        found = rule.pattern.match(text, begin)
        if found is None:
            return None
        at = found.end()
        quoted = values.OPENING.match(text, at)
        if text.startswith(("{", "["), at) or (quoted and rule.is_line):
            return None
        if not quoted:
            first = _FIRST.match(text, at)
            if first and self._is_prose(first[0]):
                return None
        if rule.is_line and not self._is_line(begin, at):
            return None
        value = self._value(at)
        return value if value and (quoted or value[1] - value[0] > 1) else None

    def _is_line(self, begin: int, at: int) -> bool:
        """Whether the line is indented as a block of a configuration is, or stands behind a prompt."""
        head = self._line_head(begin)
        return head is not None and bool(head[2] or head[0].rstrip().endswith(("#", ">"))) and not _NUMBER.match(self.text, at)

    def _is_prose(self, word: str) -> bool:
        return word.rstrip(".").lower() in NO_SECRETS or len(word) == 1

    def _hash(self, begin: int) -> int | None:
        found = HASH.match(self.text, begin) if self._words.has_passwords else None
        return self._hidden((begin, found.end(), found.end())) if found else None

    def _url(self, at: int) -> int | None:
        user = USERINFO.match(self.text, at - 3) if self._words.has_passwords else None
        found = URL_PASSWORD.match(self.text, user.end()) if user else None
        if found is None or values.is_harmless(self.text, found.start(), False):
            return None
        return self._hidden((found.start(), found.end(), found.end()))

    def _pem(self, begin: int) -> Span | None:
        """A private key, without the lines around it."""
        text = self.text
        found = PEM.match(text, begin)
        if found is None or not self._words.has_private_keys:
            return None
        at = found.end()
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

    # values

    def _value(self, at: int, depth: int = 0) -> Span | None:
        text = self.text
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
            first = _FIRST.match(text, at)
            if first and first.end() >= end and not text[max(0, at - 65) : at].rstrip().endswith("=") and self._is_prose(first[0]):
                return None
        return (begin, end, end) if end > begin else None

    def _hidden(self, span: Span) -> int:
        """Put the mask in place of what is found."""
        begin, end, following = span
        self._shown += (self.text[self._copied : begin], MASK)
        self._copied = end
        return following
