"""The names that a misspelt word may mean: only near names, because a wrong suggestion is worse than none."""

from collections.abc import Iterable

MOST = 3
"""Names that one message suggests."""

SHORTEST_PART = 3
"""Characters of a word that may stand for a longer name which begins with it."""


def near_names(word: str, names: Iterable[str], most: int = MOST) -> list[str]:
    """The names that differ from the word in few characters, or begin with it; the nearest first.

    >>> near_names("--statuss", ["--status", "--since", "--yes"])
    ['--status']
    >>> near_names("--yea", ["--team", "--set"])
    []
    """
    plain = _plain(word)
    if not plain:
        return []
    found = {name: distance for name in names if (distance := _distance(plain, _plain(name))) is not None}
    return sorted(found, key=lambda name: (found[name], name))[:most]


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """The question after a message about an unknown word, with a space before it; empty if no name is near.

    >>> did_you_mean("greting", ["greeting", "ordering"])
    " Did you mean 'greeting'?"
    """
    near = near_names(word, names)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def _plain(name: str) -> str:
    return name.lstrip("-").casefold().replace("_", "-")


def _distance(word: str, name: str) -> float | None:
    """The number of edits from the word to the name; None if there are too many for the length of the word."""
    if len(word) >= SHORTEST_PART and name.startswith(word):
        return 0.0 if word == name else 0.5
    allowed = 1 if len(word) <= 4 else 2 if len(word) <= 8 else 3
    if abs(len(word) - len(name)) > allowed:
        return None
    edits = _edits(word, name)
    return edits if edits <= allowed and min(len(word), len(name)) > 2 * edits else None  # most of it is the same


def _edits(word: str, name: str) -> int:
    """The insertions, deletions, replacements and swaps of neighbours between both."""
    rows = [list(range(len(name) + 1))]
    for i, sign in enumerate(word, 1):
        row = [i]
        for j, other in enumerate(name, 1):
            best = min(row[j - 1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (sign != other))
            if i > 1 and j > 1 and sign == name[j - 2] and word[i - 2] == other:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
