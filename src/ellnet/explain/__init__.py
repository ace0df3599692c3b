"""Explain: the derivation of a network in use, with its own numbers."""

__all__: list[str] = []
