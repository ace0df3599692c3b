"""Prove: the sheet of a network on examples, or of a model on rows of a table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ellnet.arrays import Array, to_numpy
from ellnet.certificate import certify
from ellnet.columns import Columns
from ellnet.encodings import Unseen
from ellnet.engines.recursion import forward
from ellnet.errors import DataError
from ellnet.explain.backward_blocks import backward_block
from ellnet.explain.cost_block import cost_block
from ellnet.explain.derivation import Derivation, derive
from ellnet.explain.figures import figure
from ellnet.explain.forward_blocks import forward_block
from ellnet.explain.naming import Namer
from ellnet.explain.numbers_file import numbers_of
from ellnet.explain.sheet import Block, Grid, Sheet, Step, entry_key
from ellnet.explain.table_rows import output_names, predictions, row_story
from ellnet.explain.update_block import update_blocks
from ellnet.hyperparameters import Hyperparameters
from ellnet.models import Model
from ellnet.network import Network
from ellnet.state import TrainingState

__all__ = ["prove", "prove_rows"]

TOLD = 64


def prove(
    net: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    *,
    hyperparameters: Hyperparameters | None = None,
    state: TrainingState | None = None,
    dropout: bool = True,
    batches: int = 1,
    trained_on: int | None = None,
    certified: bool = False,
    title: str = "",
    features: Sequence[str] = (),
    outputs: Sequence[str] = (),
    examples: Sequence[str] = (),
) -> Sheet:
    """Return the proof sheet of one training step: forward, cost, backward, update, number by number.

    All numbers are calculated in float64, from the parameters as they are. The examples are taken as
    one minibatch.

    Args:
        net: the network.
        X: A[0], (n[0], m), one example a column.
        Y: targets, (n[L], m).
        w: weights of the examples, (1, m).
        hyperparameters: what it was trained with: optimizer, penalties, dropout, label smoothing; by
            default gradient descent with alpha = 0.1 and nothing else.
        state: where training stands, as `Outcome.state` has it, so that the update is the next step with
            the optimizer's own moments; by default step 1, with moments of 0.
        dropout: whether the masks that training draws for such a step act.
        batches: minibatches of an epoch, for schedules.
        trained_on: examples of an epoch, for schedules; by default those given.
        certified: whether the gradient is proved as well.
        title: what the sheet is of.
        features: names of the rows of X.
        outputs: names of the output units.
        examples: names of the examples.

    Raises:
        ShapeError: X, Y or w does not fit the network; shows the chain of shapes.
        DataError: the weights have no sum to divide by.
    """
    d = derive(
        net,
        X,
        Y,
        w,
        hyperparameters=hyperparameters,
        state=state,
        dropout=dropout,
        batches=batches,
        trained_on=trained_on,
    )
    labels = tuple(examples) if len(examples) == d.m else tuple(str(j + 1) for j in range(d.m))
    names = Namer(d, _fitting(features, net.n[0]), _fitting(outputs, net.n[-1]), labels)
    sheet = _sheet(names, title or f"One training step of a {net.L}-layer network")
    if not certified:
        return sheet
    certificate = certify(
        net,
        d.examples.X,
        d.examples.Y,
        d.examples.w,
        masks=d.masks,
        l2=d.strengths["l2"],
        l1=d.strengths["l1"],
    )
    return replace(sheet, certificate=certificate)


def _fitting(given: Sequence[str], units: int) -> tuple[str, ...]:
    return tuple(given) if len(given) == units else ()


def prove_rows(
    model: Model,
    table: Columns,
    rows: Sequence[int],
    *,
    target: str | None = None,
    unseen: Unseen = "error",
    state: TrainingState | None = None,
    dropout: bool = True,
    certified: bool = False,
) -> Sheet:
    """Return the proof sheet of a model on rows of a table, from the table's words to the target's.

    Args:
        model: the model.
        table: the table, target included.
        rows: which rows, from 0.
        target: name of the target's column; by default that of training.
        unseen: what to do with categories that training never saw.
        state: where training stands; by default a start from here.
        dropout: whether the masks that training draws act.
        certified: whether the gradient is proved as well.

    Raises:
        DataError: a table that does not fit the model, or rows that are not there; names them.
    """
    table = _taken(table, rows)
    name = target or model.target.name
    truth = table[name]
    inputs = table.drop([name])
    X: NDArray[Any] = model.inputs(inputs, unseen=unseen).T
    Y = model.target.encode(truth)
    labels = tuple(table.where(row).partition(" (")[0] for row in range(table.m))
    what = labels[0] if table.m == 1 else f"{table.m} rows"
    steps, trained_on = _planned(model)
    sheet = prove(
        model.network,
        X,
        Y,
        hyperparameters=model.hyperparameters,
        state=state,
        dropout=dropout,
        batches=steps,
        trained_on=trained_on,
        certified=certified,
        title=f"{name} of {what}",
        features=model.preprocessing.feature_names,
        outputs=output_names(model.target, model.network.n[-1]),
        examples=tuple(label.removeprefix("row ") for label in labels),
    )
    A = to_numpy(forward(model.network, X.astype(model.network.W[1].dtype)).A[model.network.L])
    story = row_story(
        model.preprocessing, _as_trained(model, inputs), np.asarray(sheet.numbers["A0"]), 0
    )
    facts = [("table", f"{table.source}, {_list(labels)}"), *sheet.facts]
    return replace(
        sheet,
        facts=tuple(facts),
        story=story,
        predictions=predictions(
            model.target, np.asarray(A, np.float64), truth, labels, sheet.numbers["losses"]
        ),
    )


def _taken(table: Columns, rows: Sequence[int]) -> Columns:
    wrong = [row for row in rows if not 0 <= row < table.m]
    if wrong or not rows:
        raise DataError(
            f"rows of {table.source} count from 0 to {table.m - 1}, got {wrong[0] if wrong else 'none'}; "
            "ask for others with --row or --rows"
        )
    return table.take(np.asarray(rows, np.int64))


def _as_trained(model: Model, inputs: Columns) -> dict[str, Any]:
    """Return the columns by name; those that training did not have are passed over."""
    return {name: inputs[name] for name in model.preprocessing.encodings}


def _planned(model: Model) -> tuple[int, int]:
    """Return how many steps an epoch of this model's training had, and how many examples at most."""
    epochs = max(1, len(model.history.epochs))
    steps = max(1, len(model.history.iterations) // epochs)
    size = model.hyperparameters.batch_size
    return steps, steps * size if isinstance(size, int) else steps


def _list(labels: Sequence[str]) -> str:
    if len(labels) <= 3:
        return ", ".join(labels)
    return f"{labels[0]} to {labels[-1]}"


def _sheet(names: Namer, title: str) -> Sheet:
    d = names.d
    layers = range(1, d.net.L + 1)
    forward_chapter = tuple(forward_block(names, layer) for layer in layers)
    backward_chapter = tuple(backward_block(names, layer) for layer in reversed(layers))
    chapters = (
        ("Forward", forward_chapter),
        ("Cost", (cost_block(names),)),
        ("Backward", backward_chapter),
        ("Update", update_blocks(names)),
    )
    return Sheet(
        title=title,
        facts=_facts(d),
        story=None,
        predictions=_outputs(names),
        chapters=chapters,
        numbers=numbers_of(d),
        n=d.net.n,
        activations=tuple(d.net.activations),
        cost=d.net.cost,
        names=(names.features, names.outputs),
        unfolded=_unfolded(block for _, blocks in chapters for block in blocks),
    )


def _unfolded(blocks: Any) -> dict[tuple[str, int], Step]:
    """Return the steps whose entries unfold, by letter and layer."""
    found: dict[tuple[str, int], Step] = {}
    block: Block
    for block in blocks:
        for step in block.steps:
            if step.unfolding is None:
                continue
            letter, _, rest = next(step.quantities).name.partition("[")
            found.setdefault(entry_key(letter, int(rest.split("]")[0])), step)
    return found


def _facts(d: Derivation) -> tuple[tuple[str, str], ...]:
    net = d.net
    layers = " → ".join(str(units) for units in net.n)
    precision = str(d.given.W[1].dtype).rsplit(".", maxsplit=1)[-1]
    facts = [
        ("network", f"{layers}, {net.size:,} parameters; {', '.join(net.activations)}"),
        ("cost", f"{net.cost.replace('_', ' ')}: J = {figure(d.cost)}"),
        ("examples", "one" if d.m == 1 else f"m = {d.m}, one a column"),
        ("numbers", f"float64 throughout, from the network's {precision} parameters"),
    ]
    if d.masks:
        facts.append(
            (
                "dropout",
                "the masks of a training step act here; the prediction is made without them",
            )
        )
    elif any(d.chosen.dropped(layer) for layer in range(net.L)):
        facts.append(("dropout", "left out: the network as it predicts"))
    return tuple(facts)


def _outputs(names: Namer) -> Grid:
    """Return the outputs beside the targets, for a network that has no words of its own."""
    d = names.d
    plain = d.cache if not d.masks else forward(d.net, d.cache.X)
    A, Y = plain.A[d.net.L], np.asarray(d.labels)
    units = names.outputs or tuple(f"unit {k + 1}" for k in range(A.shape[0]))
    rows = []
    for j in range(min(d.m, TOLD)):
        best = int(np.argmax(A[:, j]))
        shown = (
            f"{units[best]}: {figure(float(A[best, j]))}"
            if len(units) > 1
            else figure(float(A[0, j]))
        )
        right = int(np.argmax(Y[:, j]))
        truth = (
            f"{units[right]}: {figure(float(Y[right, j]))}"
            if len(units) > 1
            else figure(float(Y[0, j]))
        )
        rows.append((names.examples[j], truth, shown, figure(float(d.losses[0, j]))))
    note = f"and {d.m - TOLD:,} more" if d.m > TOLD else ""
    heading = "largest output" if len(units) > 1 else "output"
    return Grid(("example", "target", heading, "loss"), tuple(rows), note)
