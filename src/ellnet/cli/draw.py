"""`ellnet draw`: a model as a picture."""

from pathlib import Path

import click

from ellnet.cli.pictures import dark_option, draw_to, unit_options
from ellnet.cli.terminal import say, terminal
from ellnet.loading import load

__all__ = ["draw"]


@click.command(short_help="Draw a model: its network, the weights of a layer, or its cost curve.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="The picture: a .png, .svg or .pdf file.",
)
@click.option(
    "--what",
    type=click.Choice(["network", "weights", "costs"]),
    default="network",
    show_default=True,
    help="What is drawn.",
)
@click.option(
    "--layer", type=click.IntRange(min=1), help="The layer whose weights are drawn.  [default: 1]"
)
@unit_options
@dark_option
def draw(  # noqa: PLR0917 - click passes them by name
    model: Path,
    out: Path,
    what: str,
    layer: int | None,
    units: tuple[int, ...],
    image: tuple[int, int] | None,
    dark: bool,
) -> None:
    """Draw MODEL, a model file or a saved estimator.

    The network is drawn in layers, its real weights as lines: width is size, blue is negative, orange
    positive. Weights are pictures where the inputs are an image, and a heat map elsewhere.
    """
    from ellnet.plots import CostCurveDisplay, NetworkDisplay, WeightsDisplay, check_ending

    check_ending(out)
    if what != "weights" and (layer is not None or units or image is not None):
        raise click.UsageError("--layer, --unit and --image go with --what weights")
    loaded = load(model)
    if what == "network":
        draw_to(out, dark, lambda: NetworkDisplay.from_estimator(loaded))
    elif what == "costs":
        draw_to(out, dark, lambda: CostCurveDisplay.from_estimator(loaded))
    else:
        chosen = units or None
        draw_to(
            out,
            dark,
            lambda: WeightsDisplay.from_estimator(
                loaded, layer=layer or 1, units=chosen, image_shape=image
            ),
        )
    say(terminal(stderr=True), f"wrote {out}")
