"""The version of the library, and that of its numerics."""

__all__ = ["NUMERICS", "VERSION"]

VERSION = "0.1.0"
"""The version of the library."""

NUMERICS = 2
"""Raised by every change that gives other bits for the same seed."""
