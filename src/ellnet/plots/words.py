"""Words in a picture: names as they are, however long they are and whatever stands in them."""

__all__ = ["plain"]

LONGEST = 18


def plain(name: object, longest: int = LONGEST) -> str:
    """Return a name that fits, on one line, of which matplotlib takes nothing for mathematics."""
    text = "".join(c if c.isprintable() else " " for c in str(name))
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return shown.replace("$", r"\$")
