"""Training runs drawn at random over all that the engine covers: their bits hang on nothing else."""

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ordeal.sittings import Missing, Sitting, Trial
from tests.engines.every_engine import TARGETS
from tests.engines.native.configurations import Case, cases
from tests.engines.native.held_bits import hold_bits
from tests.engines.native.running import THREADS

__all__ = ["TRIAL"]

CONFIGURATIONS = 1_000


def work(sitting: Sitting) -> None:
    """Draw and hold one after the other; what fails is shown as small as it can be made."""
    if not TARGETS:
        raise Missing("the native engine was not compiled: install a C++17 compiler")

    @seed(sitting.seed)
    @settings(
        max_examples=sitting.times(CONFIGURATIONS),
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(), st.sampled_from(THREADS), st.data())
    def hold(case: Case, threads: int, draw: st.DataObject) -> None:
        hold_bits(case, threads, lambda steps: draw.draw(st.integers(0, steps)))
        sitting.did("configurations")

    hold()


TRIAL = Trial("the bits of 1,000 random runs hang on no thread, no instruction set, no cut", work)
