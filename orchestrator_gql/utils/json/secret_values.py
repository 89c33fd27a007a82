"""Find where a value in a text ends, and which values are no secrets."""

import re

MASK = "[redacted]"

STRETCH = 64 * 1024
"""The most characters for one call of `re`: a call holds the interpreter's lock, so it must be short."""

OPENING = re.compile(r"""(?:[bBrRuUfF]{1,2}(?=\\{0,63}["']))?(?P<depth>\\{0,63}+)(?P<quote>["'])""")
"""A quote that opens a value. Inside another text it follows backslashes: one backslash for JSON in JSON."""

_MARKS = {quote: re.compile(rf"\\++|{quote}") for quote in "\"'"}
_BRACKETS = re.compile(r"""\\++|["'{}\[\]]""")
_BEFORE_A_STRING = frozenset(" \n[{(,:=")

_BARE = re.compile(
    r"""(?:[^\s"'\\,;&|<)}\]]{1,64}+
    |[)}\]](?![\s,;:.)}\]"'\\<&|]|\Z)
    |[,;&|](?!\s|["'\\]|\Z|[\w.-]{1,64}\s?[:=])
    |\\(?!\\{0,62}(?:["']|[nrt]|u00(?:2[267]|3[ce])))
    |<(?!/?[A-Za-z!]))
    {1,512}+""",
    re.VERBOSE,
)
"""A piece of a value without quotes. A comma ends the value only before a space or before another key."""

_CALLS = 256
"""The most characters of a value in which matching brackets are counted."""

_STOPS = r"""(?=[\s,;:.)}\]"'\\<&|]|\Z)"""
_REFERENCE = (
    r"""\{\{(?:\s?(?:lookup|query|q|hostvars)[(\[][^{}\n]{1,200}|[^{}"'\\\n]{1,200})\}\}|VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|\$\{[^{}"'\\\n]{1,100}\}|\$(?-i:[A-Z_][A-Z0-9_]{1,63})"""
    r"""|\$(?:env:)?\w{0,40}(?:pass|pwd|token|secret|key|cred)\w{0,40}|\$\(\w[^()"'\\\n]{0,100}\)"""
    r"""|%\(\w{1,64}\)s|\*{3,64}|\[redacted\]"""
)
_QUOTED_HARMLESS = re.compile(rf"""(?:{_REFERENCE})?\s{{0,8}}(?=\\{{0,63}}["'])""", re.IGNORECASE)
_BARE_HARMLESS = re.compile(
    rf"""(?:(?:{_REFERENCE}|<[A-Za-z][\w .-]{{0,40}}>|None|null|nil|true|false|yes|no|on|off|undefined){_STOPS}"""
    rf"""|(?:(?:self|cls|config|settings|conf|cfg|args|options|opts|params|os|env|vars|request|session|secrets)"""
    rf"""\.[A-Za-z_.]{{1,64}}(?=[\s,;)]|\Z)|(?:[A-Za-z_]\w{{0,63}}\.){{1,8}}[A-Za-z_]\w{{0,63}}[\[(]"""
    rf"""|[A-Za-z_]\w{{0,63}}\())""",
    re.IGNORECASE,
)
"""A reference to a value that is stored elsewhere, an empty value, a switch, or code that reads the value."""

CALL = re.compile(
    r"""(?!get|read|load|fetch)[A-Za-z_.]{0,40}(?:Secret|Password|Token|Str|Bytes|str|bytes)\((?=\\{0,63}["'])"""
)
"""A call with a literal, such as ``SecretStr('hunter2')``: the literal is the value."""


def quoted_end(text: str, at: int, quote: str, depth: int, stretch: int = STRETCH) -> tuple[int, int]:
    """Return where the content of a quoted value ends, and where the text continues behind the closing quote.

    Both are the text's end if there is no closing quote. ``depth`` is the number of backslashes before the opening
    quote. A quote of an outer text closes the value too.
    """
    unit, run, run_end = depth + 1, 0, -1
    while at < len(text):
        stop = min(at + stretch, len(text))
        for match in _MARKS[quote].finditer(text, at, stop):
            begin, end = match.span()
            if text[begin] == "\\":
                run, run_end = (run if begin == run_end else 0) + end - begin, end
                continue
            own = (run if begin == run_end else 0) % (2 * unit)
            if own < unit:
                return begin - own, end
        at = stop
    return len(text), len(text)


def bracket_end(text: str, at: int, depth: int, stretch: int = STRETCH) -> int:
    """Return where the object or list that begins at ``at`` ends; the text's end if it is not closed."""
    level, run, run_end = 0, 0, -1
    string = ""  # the quote of the string that the search is in
    unit = 1
    while at < len(text):
        stop = min(at + stretch, len(text))
        for match in _BRACKETS.finditer(text, at, stop):
            begin, end = match.span()
            mark = text[begin]
            if mark == "\\":
                run, run_end = (run if begin == run_end else 0) + end - begin, end
                continue
            slashes = run if begin == run_end else 0
            if string:
                if mark == string and slashes % (2 * unit) < unit:
                    string = ""
            elif mark in "\"'":
                if mark == '"' and slashes < depth:
                    return begin - slashes  # the text around it ends here
                if mark == '"' or text[begin - slashes - 1] in _BEFORE_A_STRING:
                    string, unit = mark, slashes + 1
            else:
                level += 1 if mark in "{[" else -1
                if level == 0:
                    return end
        at = stop
    return len(text)


def bare_end(text: str, at: int) -> int:
    """Return where a value without quotes ends."""
    begin = at
    while match := _BARE.match(text, at):
        at = match.end()
        if text.startswith(")", at) and at - begin < _CALLS and text.count("(", begin, at) > text.count(")", begin, at):
            at += 1  # the bracket closes one that the value opened
    while at > begin and text[at - 1] in ".:>" and (at == len(text) or not text[at].isalnum()):
        at -= 1
    return at


def is_harmless(text: str, at: int, is_quoted: bool) -> bool:
    """Return whether the value is empty, a mask, or a reference to the place where the secret is stored."""
    if is_quoted:
        return _QUOTED_HARMLESS.match(text, at) is not None
    return _BARE_HARMLESS.match(text, at) is not None
