"""Explain: the derivation of a network in use, with its own numbers.

`prove` gives the proof sheet of one training step, `prove_rows` that of a model on rows of a table,
`write_sheet` puts it into a file; `certify` proves the gradient, and `diagnose_gradient` recognises what
went wrong in one that was derived by hand.
"""

from ellnet.certificate import Certificate, certify
from ellnet.explain.diagnosis import Diagnosis, diagnose_gradient
from ellnet.explain.html_form import html_page
from ellnet.explain.latex_form import latex_document
from ellnet.explain.proving import prove, prove_rows
from ellnet.explain.sheet import Sheet
from ellnet.explain.writing import sheet_text, write_sheet

__all__ = [
    "Certificate",
    "Diagnosis",
    "Sheet",
    "certify",
    "diagnose_gradient",
    "html_page",
    "latex_document",
    "prove",
    "prove_rows",
    "sheet_text",
    "write_sheet",
]
