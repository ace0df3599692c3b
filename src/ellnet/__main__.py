"""`python -m ellnet` is `ellnet`."""

import sys

from ellnet.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
