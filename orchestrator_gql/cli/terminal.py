"""Text of others on a terminal: shown, never obeyed."""


def printable(text: str) -> str:
    r"""The text in one line, with whatever steers a terminal or turns its writing around as an escape.

    >>> printable("done\r\n\x1b[2Jroot \u202e")
    'done\\r\\n\\x1b[2Jroot \\u202e'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)
