"""What notebooks show of the nouns: a network, a forward pass, a backward pass, a history."""

import math
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from ellnet.arrays import Array, is_sparse, to_numpy
from ellnet.drawings.architecture import network_svg
from ellnet.drawings.curves import curves_svg
from ellnet.drawings.tables import cells, number, section, table

__all__ = ["backward_html", "forward_html", "history_html", "parameters_html"]

SPREAD = ("shape", "smallest", "mean", "largest", "spread")


def parameters_html(
    n: Sequence[int],
    activations: Sequence[str],
    cost: str,
    W: Sequence[Array],
    b: Sequence[Array],
) -> str:
    """Return a network: its drawing, and a line a layer with its parameters.

    Args:
        n: units of each layer, n[0] to n[L].
        activations: g[1] to g[L].
        cost: by name.
        W: the weights of layers 1..L.
        b: the biases.
    """
    rows = []
    for layer, (g, weights, biases) in enumerate(zip(activations, W, b, strict=True), start=1):
        name = escape(g.replace("_", " "))
        rows.append([f"W[{layer}]", name, *cells(weights)])
        rows.append([f"b[{layer}]", "", *cells(biases)])
    drawn = network_svg(n, activations, cost)
    figure = f'<figure style="margin:0;max-width:46em">{drawn}</figure>'
    return section(figure, table(("", "g[l]", *SPREAD), rows))


def forward_html(
    X: Array, Z: Sequence[Array], A: Sequence[Array], kept: Mapping[int, float] | None = None
) -> str:
    """Return a forward pass: shape and spread of A[0], and of Z[l] and A[l] of each layer.

    Args:
        X: A[0], (n[0], m).
        Z: Z[1] to Z[L].
        A: A[1] to A[L].
        kept: the part that dropout kept of a layer, by its number.
    """
    rows = [["X = A[0]", *cells(X), _zeros(X)]]
    for layer, (z, a) in enumerate(zip(Z, A, strict=True), start=1):
        rows.append([f"Z[{layer}]", *cells(z), ""])
        rows.append([f"A[{layer}]", *cells(a), _zeros(a)])
    notes = [
        f"<p>dropout keeps {100 * part:.0f} % of A[{layer}]</p>"
        for layer, part in list((kept or {}).items())[:8]
    ]
    m = X.shape[1]
    title = f"<p>Forward pass of {m:,} example{'s' * (m != 1)}</p>"
    return section(title, table(("", *SPREAD, "zeros"), rows), *notes)


def backward_html(
    dW: Sequence[Array], db: Sequence[Array], dZ: Sequence[Array], dA: Sequence[Array]
) -> str:
    """Return a backward pass: shape, size and spread of dW[l], db[l], dZ[l] and dA[l] of each layer.

    The size is the root of the mean square, which layers of different widths can be compared by.
    """
    rows = []
    for layer in range(len(dW), 0, -1):
        named = [(f"dZ[{layer}]", dZ), (f"dW[{layer}]", dW), (f"db[{layer}]", db)]
        if layer <= len(dA):
            named.insert(0, (f"dA[{layer}]", dA))
        rows += [[name, _size(of[layer - 1]), *cells(of[layer - 1])] for name, of in named]
    return section("<p>Backward pass, from the output down</p>", table(("", "size", *SPREAD), rows))


def history_html(
    costs: Sequence[float],
    validation_costs: Sequence[float],
    *,
    best_epoch: int,
    stopped: str,
    engine: str,
    metric: tuple[str, float] | None = None,
) -> str:
    """Return a history: its curves, and what it came to.

    Args:
        costs: of each epoch.
        validation_costs: of each epoch that was validated.
        best_epoch: whose parameters were kept, 0 for none.
        stopped: why training ended.
        engine: what trained.
        metric: its name, and its last value.
    """
    curves = {"training": costs, "validation": validation_costs}
    facts = [f"{len(costs):,} epoch{'s' * (len(costs) != 1)}"]
    if costs:
        facts.append(f"cost {number(costs[-1])}")
    if validation_costs:
        facts.append(f"validation cost {number(validation_costs[-1])}")
    if metric is not None:
        facts.append(f"{escape(metric[0])} {number(metric[1])}")
    if best_epoch:
        facts.append(f"kept: epoch {best_epoch}")
    if stopped:
        facts.append(f"ended: {escape(stopped)}")
    told = f"<p>{' · '.join(facts)}</p>"
    trained = f"<p>engine: {escape(engine)}</p>" if engine else ""
    marked = best_epoch if len(validation_costs) >= best_epoch else 0
    return section(told, curves_svg(curves, marked), trained)


def _zeros(array: Array) -> str:
    size = math.prod(array.shape)
    other = array.count_nonzero() if is_sparse(array) else np.count_nonzero(to_numpy(array))
    part = 1.0 - int(other) / size if size else 0.0
    return f"{100 * part:.0f} %" if part else ""


def _size(array: Array) -> str:
    values = to_numpy(array)
    if values.size == 0:
        return ""
    found = float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
    return number(found)
