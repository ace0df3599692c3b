"""Has Python take the native module that ELLNET_NATIVE_MODULE names, in place of the installed one.

Python imports this as it starts where this folder is on PYTHONPATH.
"""

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

NAME = "ellnet.engines._native"


class _Redirect:
    """Finds one module."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where the module is, None for every other."""
        del path, target
        if name != NAME:
            return None
        return importlib.util.spec_from_file_location(name, os.environ["ELLNET_NATIVE_MODULE"])


if "ELLNET_NATIVE_MODULE" in os.environ:
    sys.meta_path.insert(0, _Redirect)
