#!/usr/bin/env python3
"""Print whether a device of the demo answers: exit code 0 if it does, else 1."""

import sys


def main(node: str) -> int:
    """Every device answers, except devices whose names begin with ``unreachable-``."""
    answers = not node.startswith("unreachable-")
    print(f"{node} answers in 3 ms" if answers else f"{node} does not answer: no route to host")  # noqa: T201
    return 0 if answers else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
