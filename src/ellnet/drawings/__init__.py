"""Drawings: what is shown in notebooks and pages, as HTML and SVG of its own."""

from ellnet.drawings.architecture import network_html, network_svg

__all__ = ["network_html", "network_svg"]
