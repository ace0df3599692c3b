"""How much of the difference between trials each hyperparameter accounts for."""

import optuna

from ellnet.search.quieting import quiet
from ellnet.search.running import Found
from ellnet.search.samplers import recorded
from ellnet.search.space import Space

__all__ = ["FEWEST", "importance_of"]

FEWEST = 8
"""Completed trials below which nothing is said."""


def importance_of(found: Found, space: Space) -> dict[str, float]:
    """Return the share of each hyperparameter by functional ANOVA (Hutter et al., 2014), from 0 to 1.

    It is that of a forest fitted to the trials that were completed, with a fixed seed. Few trials or
    equal values give nothing, nor does a hyperparameter that had one value in all of them.
    """
    done = [r for _, r in sorted(found.results.items()) if r.state == "complete"]
    if len(done) < FEWEST or len({r.value for r in done}) < 2 or not space.dimensions:
        return {}
    with quiet():
        study = optuna.create_study(direction="maximize" if found.measure.greater else "minimize")
        for result in done:
            study.add_trial(recorded(result, space))
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    varied = {name for name in shares if len({repr(r.chosen[name]) for r in done}) > 1}
    return {name: float(share) for name, share in shares.items() if name in varied}
