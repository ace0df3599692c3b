"""Which question: `python -m benchmarks [NAME] [OPTIONS]`; speed by default.

There are speed, growth, fashion, defaults and search.
"""

import importlib
import sys
from collections.abc import Sequence

__all__ = ["QUESTIONS", "main"]

QUESTIONS = {
    "speed": "benchmarks.speed",
    "growth": "benchmarks.growth",
    "fashion": "benchmarks.fashion",
    "defaults": "benchmarks.defaults",
    "search": "benchmarks.search",
}
"""Every benchmark by its name: a module with `main(arguments)` and `packages(arguments)`."""


def main(words: Sequence[str]) -> int:
    """Ask a question; after the word `packages` only print what it needs installed, a line each."""
    listing = words[:1] == ["packages"]
    words = words[1:] if listing else words
    if "--growth" in words:
        words = ["growth", *(word for word in words if word != "--growth")]
    name = "speed" if not words or words[0].startswith("-") else words[0]
    if name not in QUESTIONS:
        print(f"there is no benchmark {name!r}; there are {', '.join(QUESTIONS)}", file=sys.stderr)
        return 2
    arguments = words[1:] if words[:1] == [name] else words
    question = importlib.import_module(QUESTIONS[name])
    if listing:
        print("\n".join(question.packages(arguments)))
        return 0
    return int(question.main(arguments))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("interrupted: nothing is written")
