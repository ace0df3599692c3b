"""ellnet: deep fully-connected networks of L layers, fast, see-through and repeatable."""

__all__: list[str] = []
