"""Predictions of examples that are cut into pieces at random: the bits of all together."""

import itertools

import numpy as np

from ellnet.engines import native
from ordeal.sittings import Failed, Missing, Sitting, Trial
from tests.engines.every_engine import TARGETS
from tests.engines.native.pieces import NETWORKS, inputs, network, parts
from tests.engines.native.running import on_target

__all__ = ["TRIAL"]

PREDICTIONS = 1_000_000


def predict_pieces(sitting: Sitting, kind: str, dtype: type, target: str, enough: int) -> None:
    """Predict with one network in pieces, until there are enough."""
    net, others = network(kind, dtype), (network(kind, dtype, "C"), network(kind, dtype, "F"))
    X = inputs(net, dtype)
    with on_target(TARGETS[0]):
        whole = native.predict(net, X)
    done = 0
    with on_target(target):
        for seed in itertools.count(sitting.seed):
            for part in parts(seed):
                found = native.predict(others[seed % 2], X[:, part])
                if found.tobytes() != whole[:, part].tobytes():
                    raise Failed(
                        f"{kind}, {dtype.__name__}, {target}: {part} of seed {seed} differs"
                    )
                done += 1
                sitting.did("predictions")
            if done >= enough:
                return


def work(sitting: Sitting) -> None:
    """Go through networks, precisions and instruction sets; the scalar one, an oracle, has few."""
    if not TARGETS:
        raise Missing("the native engine was not compiled: install a C++17 compiler")
    fast = [target for target in TARGETS if target != "scalar"] or [*TARGETS]
    rows = list(itertools.product(NETWORKS, (np.float32, np.float64), fast))
    enough = -(-sitting.times(PREDICTIONS) // len(rows))
    for kind, dtype, target in rows:
        predict_pieces(sitting, kind, dtype, target, enough)
    for kind, dtype in itertools.product(NETWORKS, (np.float32, np.float64)):
        predict_pieces(sitting, kind, dtype, TARGETS[-1], enough // 100 + 1)


TRIAL = Trial("10^6 predictions of pieces have the bits of the whole", work)
