"""What the words of a text mean: which of them announce a secret, by the patterns and names that are configured."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import translate

from orchestrator_gql.utils.json.secret_rules import (
    ANY_RULE,
    HARMLESS_KEYS,
    HINTS,
    LOGIN_COMMANDS,
    OPTIONS,
    RULES,
    SHAPE,
    Rule,
)

_LONGEST_KEY = 1000
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

REMEMBERED = 20_000
"""Words that are remembered: remote services choose them."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may announce a secret: as a key, as the beginning of a rule, or as a command with options."""

    key: str
    name: str
    is_secret: bool
    is_harmless: bool
    rules: tuple[Rule, ...]
    any_rule: re.Pattern[str] | None
    is_command: bool
    is_shaped: bool


class Words:
    """The words that announce a secret; keys are found by patterns (``*password*``) and by exact names."""

    def __init__(self, patterns: Iterable[str], names: Iterable[str]) -> None:
        patterns = [pattern.lower() for pattern in patterns]
        self._names = frozenset(name.lower() for name in names)
        self._exact = self._names | {pattern for pattern in patterns if not re.search(r"[*?\[]", pattern)}
        self._pattern = re.compile("|".join(f"(?:{translate(pattern)})" for pattern in patterns)) if patterns else None
        cores = {_core(pattern) for pattern in patterns} | self._names
        self._cores = re.compile("|".join(map(re.escape, _fewest(cores))))
        # without any pattern and name nothing is looked for
        self.hints = _fewest(cores | HINTS) if cores else ()
        self._keys: dict[str, bool] = {}
        self._words: dict[str, Word | None] = {}
        self.knows = self._words.get
        self.has_tokens = self.holds("token") or self.holds("access_token")
        self.has_passwords = self.holds("password")
        self.has_private_keys = self.holds("private_key")

    def hint_in(self, text: str) -> bool:
        """Whether the text has anything in it by which a secret is found: nearly always a few fast searches in vain."""
        lower = text.lower()
        return any(hint in lower for hint in self.hints)

    def hint_in_any(self, text: str, stretch: int) -> bool:
        """The same of a long text, stretch by stretch."""
        return any(self.hint_in(text[at : at + stretch + 64]) for at in range(0, len(text), stretch))

    def holds(self, key: str) -> bool:
        """Whether the value of the key is a secret."""
        known = self._keys.get(key)
        if known is None:
            known = self._judged(key if len(key) <= _LONGEST_KEY else key[:500] + key[-500:])
            if len(self._keys) < REMEMBERED:
                self._keys[key] = known
        return known

    def _judged(self, key: str) -> bool:
        lower = key.lower()
        if lower in self._names:
            return True
        if self._pattern is None or not self._cores.search(lower):
            return False
        return bool(self._pattern.match(lower) or self._pattern.match(_snake(key)))

    def word(self, word: str) -> Word | None:
        """What the word announces; None if nothing."""
        if word in self._words:
            return self._words[word]
        if len(self._words) >= REMEMBERED:
            self._words.clear()
        self._words[word] = found = self._read(word)
        return found

    def _read(self, word: str) -> Word | None:
        key = word.strip("-.")
        lower = key.lower()
        ruled = RULES.get(lower, ())
        rules = tuple(rule for rule in ruled if self.holds(rule.key))
        is_shaped = self.has_tokens and SHAPE.match(word) is not None
        is_secret = bool(key) and (self._judged(key) or ("." in key and self._judged(key.rsplit(".", 1)[1])))
        is_command = self.has_passwords and (lower in OPTIONS or lower in LOGIN_COMMANDS)
        if not (rules or is_secret or is_command or is_shaped):
            return None
        name = _snake(key)
        is_harmless = HARMLESS_KEYS.search(name) is not None and lower not in self._exact
        return Word(key, name, is_secret, is_harmless, rules, ANY_RULE.get(ruled), is_command, is_shaped)


def _snake(key: str) -> str:
    """The key as patterns are written: ``accessToken`` and ``X-Access-Token`` hold an ``access_token``."""
    return _CAMEL.sub("_", key).replace("-", "_").replace(" ", "_").lower()


def _core(pattern: str) -> str:
    """What every key has in it that the pattern finds, however the key is written: ``access`` of ``*access_key*``."""
    return max(re.split(r"[*?_.\- ]|\[[^\]]*\]?", pattern), key=len)


def _fewest(words: Iterable[str]) -> tuple[str, ...]:
    """The words without those that hold another one: a text without "token" has no "_token"."""
    words = frozenset(words)
    return tuple(sorted(word for word in words if not any(other in word for other in words - {word})))
