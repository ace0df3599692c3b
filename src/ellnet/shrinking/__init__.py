"""Shrinking: a network made smaller by steps that leave its outputs as they are, with a proof.

`shrink` takes out dead units, merges twins, folds constant units into the next bias and multiplies
linear layers out; `Model.shrunk` does so for a model, over every row that its preprocessing can make.
"""

from ellnet.shrinking.box import Box
from ellnet.shrinking.proof import Proof
from ellnet.shrinking.smaller import Shrunk, shrink
from ellnet.shrinking.steps import Step

__all__ = ["Box", "Proof", "Shrunk", "Step", "shrink"]
