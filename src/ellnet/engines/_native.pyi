"""The native engine, compiled from native/."""

def version() -> str:
    """Return the version of the package that this module was built from."""
