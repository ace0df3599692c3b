"""The command line: `ellnet train`, `predict`, `evaluate`, `inspect`.

Exit codes: 0 done; 1 training diverged, the last good parameters are saved; 2 bad input, one
sentence on stderr; 130 ended by Ctrl-C, what was learned is saved.
"""

from ellnet.cli.entry import commands, main

__all__ = ["commands", "main"]
