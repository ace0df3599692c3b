"""What tests of the search share with those of the command line."""

from tests.cli.conftest import ell

__all__ = ["ell"]
