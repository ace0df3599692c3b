"""The notes as code, a chapter a file: plain functions on (n, m) arrays, one example a column.

Value and derivative stand side by side, in the notes' letters: n[l] units, m examples, W[l] of shape
(n[l], n[l-1]), b[l] of shape (n[l], 1), Z[l] and A[l] of shape (n[l], m). Each equation has one
number and one home; numbers up to chapter 10 are the notes' own, those from 11 on are ours.
Choosing by name is a table of functions: `ACTIVATIONS`, `COSTS`, `INITIALIZERS`, `OPTIMIZERS`. The
functions of the first two stand below their tables: rectifiers and sigmoids, cross-entropies and the
costs of numbers.
"""

__all__: list[str] = []
