"""A trial's own process: `python -m ordeal.worker NAME SCALE SEED FILE`.

What has been done is in FILE at any time, also after a crash.
"""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ordeal.finding import trial
from ordeal.sittings import Failed, Missing, Sitting

__all__ = ["FAILED", "MISSING", "main"]

FAILED, MISSING = 1, 3
"""Exit codes: something did not hold; something is not there."""


def main(words: Sequence[str]) -> int:
    """Hold one trial; its last line of output is the sentence of what went wrong."""
    name, scale, seed, file = words
    progress = Path(file)

    def tell(said: str) -> None:
        beside = progress.with_suffix(".new")
        beside.write_text(said, encoding="utf-8")
        beside.replace(progress)  # whoever reads it finds the old or the new

    sitting = Sitting(scale=float(scale), seed=int(seed), tell=tell)
    try:
        trial(name).work(sitting)
    except Missing as missing:
        print(missing)
        return MISSING
    except Failed as failed:
        print(failed)
        return FAILED
    except Exception:  # noqa: BLE001 - whatever it is, the trial has not been stood
        print(traceback.format_exc())
        return FAILED
    finally:
        sitting.speak(at_once=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
