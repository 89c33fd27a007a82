"""The words that announce a secret in a text, by the configured patterns and names."""

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
"""The largest number of words, and of keys, that are remembered: remote services choose them."""

LONGEST_REMEMBERED = 200
"""Characters of the longest word or key that is remembered; without a bound, strangers could fill the memory."""


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
        # without patterns and names, there is nothing to search for
        self.hints = _fewest(cores | HINTS) if cores else ()
        self._keys: dict[str, bool] = {}
        self._words: dict[str, Word | None] = {}
        self.knows = self._words.get
        self.has_tokens = self.holds("token") or self.holds("access_token")
        self.has_passwords = self.holds("password")
        self.has_private_keys = self.holds("private_key")

    def hint_in(self, text: str) -> bool:
        """Return whether the text contains a hint of a secret; for most texts these few fast searches find nothing."""
        lower = text.lower()
        for hint in self.hints:  # noqa: SIM110 - `any` would call a generator for each hint
            if hint in lower:
                return True
        return False

    def hint_in_any(self, text: str, stretch: int) -> bool:
        """Return the same for a long text, searched in pieces of ``stretch`` characters."""
        return any(self.hint_in(text[at : at + stretch + 64]) for at in range(0, len(text), stretch))

    def holds(self, key: str) -> bool:
        """Return whether the value of the key is a secret."""
        is_secret = self._keys.get(key)
        if is_secret is None:
            is_secret = self._is_secret(key if len(key) <= _LONGEST_KEY else key[:500] + key[-500:])
            if len(key) <= LONGEST_REMEMBERED and len(self._keys) < REMEMBERED:
                self._keys[key] = is_secret
        return is_secret

    def _is_secret(self, key: str) -> bool:
        lower = key.lower()
        if lower in self._names:
            return True
        if self._pattern is None or not self._cores.search(lower):
            return False
        return bool(self._pattern.match(lower) or self._pattern.match(_snake(key)))

    def word(self, word: str) -> Word | None:
        """Return what the word announces; None if it announces nothing."""
        if word in self._words:
            return self._words[word]
        meaning = self._meaning_of(word)
        if len(word) <= LONGEST_REMEMBERED:
            if len(self._words) >= REMEMBERED:
                self._words.clear()
            self._words[word] = meaning
        return meaning

    def _meaning_of(self, word: str) -> Word | None:
        key = word.strip("-.")
        lower = key.lower()
        rules_of_word = RULES.get(lower, ())
        rules = tuple(rule for rule in rules_of_word if self.holds(rule.key))
        is_shaped = self.has_tokens and SHAPE.match(word) is not None
        is_secret = bool(key) and (self._is_secret(key) or ("." in key and self._is_secret(key.rsplit(".", 1)[1])))
        is_command = self.has_passwords and (lower in OPTIONS or lower in LOGIN_COMMANDS)
        if not (rules or is_secret or is_command or is_shaped):
            return None
        name = _snake(key)
        is_harmless = HARMLESS_KEYS.search(name) is not None and lower not in self._exact
        return Word(key, name, is_secret, is_harmless, rules, ANY_RULE.get(rules_of_word), is_command, is_shaped)


def _snake(key: str) -> str:
    """Return the key in the form of the patterns: ``accessToken`` and ``X-Access-Token`` contain ``access_token``."""
    return _CAMEL.sub("_", key).replace("-", "_").replace(" ", "_").lower()


def _core(pattern: str) -> str:
    """Return a text that every key of the pattern contains in any spelling: ``access`` for ``*access_key*``."""
    return max(re.split(r"[*?_.\- ]|\[[^\]]*\]?", pattern), key=len)


def _fewest(words: Iterable[str]) -> tuple[str, ...]:
    """Return the words that contain no other word of the set: a text without "token" has no "_token" either."""
    words = frozenset(words)
    return tuple(sorted(word for word in words if not any(other in word for other in words - {word})))
