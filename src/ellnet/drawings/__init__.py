"""Drawings: what is shown in notebooks and pages, as HTML and SVG of its own."""

from ellnet.drawings.architecture import network_html, network_svg
from ellnet.drawings.summaries import backward_html, forward_html, history_html, parameters_html

__all__ = [
    "backward_html",
    "forward_html",
    "history_html",
    "network_html",
    "network_svg",
    "parameters_html",
]
