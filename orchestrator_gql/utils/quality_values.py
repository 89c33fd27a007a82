"""Reads the headers in which a client says how much it likes each value (RFC 9110, section 12.4.2)."""


def quality_values(header: str) -> list[tuple[str, float]]:
    """The values of the header in lower case without their parameters, each with its quality from 0 to 1.

    The quality is 1 if the client names none, and 0, which refuses the value, if it is not a number from 0 to 1.

    >>> quality_values("text/html;level=1, BR ; Q=0.5, *;q=2")
    [('text/html', 1.0), ('br', 0.5), ('*', 0.0)]
    """
    return [_read(part) for part in header.lower().split(",")]


def _read(part: str) -> tuple[str, float]:
    value, *parameters = part.split(";")
    qualities = (quality for name, _, quality in (each.partition("=") for each in parameters) if name.strip() == "q")
    return value.strip(), _quality(next(qualities, "1"))


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
