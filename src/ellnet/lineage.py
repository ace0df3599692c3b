"""Lineage: how a run came to be, retraced from its checkpoints; for branches and for audits."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ellnet.arrays import to_numpy
from ellnet.checkpoints import Checkpoints
from ellnet.columns import Columns
from ellnet.errors import CorruptFileError, DataError, HyperparameterError
from ellnet.evaluation import metric_of
from ellnet.files.checkpoint_file import Checkpoint, chain_at, read_checkpoint
from ellnet.files.digest_chain import Origin, difference
from ellnet.files.ledger import Entry, read_ledger
from ellnet.hooks import Hook
from ellnet.network import Network, Parameters
from ellnet.places import AllFoundError, Place, Places
from ellnet.preprocessing import Preprocessing
from ellnet.run_records import RunRecord
from ellnet.runs import RunFolder
from ellnet.targets import Target
from ellnet.training import origin_of, train
from ellnet.workflow import Inherited, Material, network_for, prepared

__all__ = ["Lineage", "Stretch", "branch_point", "inherited_of", "same_parameters"]

THE_START: Place = (0, 0)


@dataclass(frozen=True)
class Stretch:
    """A piece of a run that was trained again.

    Attributes:
        begin: where training began, epochs and minibatches.
        end: where it was compared.
        recorded: the digest in the ledger.
        found: the digest that training again came to.
        seconds: how long that took.
    """

    begin: Place
    end: Place
    recorded: str
    found: str
    seconds: float

    @property
    def confirmed(self) -> bool:
        """Whether both digests are the same."""
        return self.recorded == self.found


@dataclass(frozen=True, eq=False)
class Lineage:
    """A run with the data that it saw, ready to be trained again from any of its checkpoints.

    Attributes:
        folder: of its checkpoints.
        material: the table, made ready as it was.
        net: the network that it began with.
        origin: the first links of its digest chain, computed from what is there now.
        kept: its checkpoints that can be read, in order; None stands for the very start.
    """

    folder: Path
    material: Material
    net: Network
    origin: Origin
    kept: tuple[Checkpoint | None, ...]

    @classmethod
    def of(cls, run: RunFolder, record: RunRecord, table: Columns) -> "Lineage":
        """Make a run's table ready, and read its checkpoints.

        Raises:
            DataError: the table cannot be learned from.
            HyperparameterError: a checkpoint is of other data or choices; names the difference.
            CorruptFileError: a checkpoint is damaged.
        """
        inherited = inherited_of(record)
        material = prepared(table, record.plan, record.hyperparameters, inherited)
        net = network_for(material.learned, material.target, material.hyperparameters)
        parent = record.parent.digest if record.parent else ""
        origin = origin_of(net, material.learned, material.validation, material.trained_by)
        origin = Origin(origin.data, {**origin.chosen, "parent": parent})
        files = Checkpoints(run.checkpoints, None).files()
        kept: list[Checkpoint | None] = [] if parent else [None]
        for path in files:
            checkpoint, written, _ = read_checkpoint(path)
            differs = difference(written, origin)
            if differs:
                raise HyperparameterError(f"{path} cannot be trained again here: {differs}")
            kept.append(checkpoint)
        return cls(run.checkpoints, material, net, origin, tuple(kept))

    @property
    def entries(self) -> list[Entry]:
        """The ledger."""
        return read_ledger(self.folder)

    def nearest(self, place: Place) -> Checkpoint | None:
        """Return the last checkpoint at or before a place.

        Raises:
            DataError: the run has none so early.
        """
        before = [each for each in self.kept if _place(each) <= place]
        if not before:
            raise DataError(f"there is no checkpoint at or before epoch {place[0]} to begin from")
        return max(before, key=_place)

    def follow(
        self, start: Checkpoint | None, places: Sequence[Place], hooks: Sequence[Hook] = ()
    ) -> Iterator[Checkpoint]:
        """Train again from a checkpoint, and return what stands at each of the places, in order.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            DivergenceError: training comes to numbers that are not finite.
        """
        last, reached = max(places), list[Checkpoint]()
        epochs = last[0] + (last[1] > 0) - _place(start)[0]
        try:
            outcome = train(
                self.net,
                self.material.learned,
                self.material.trained_by,
                self.material.validation,
                metric=metric_of(self.material.target),
                hooks=hooks,
                epochs=epochs,
                checkpoints=Places(start, places, reached.append),
            )
        except AllFoundError:
            return iter(reached)
        if outcome.history.stopped == "interrupted":
            raise KeyboardInterrupt
        return iter(reached)

    def at(self, epoch: int, hooks: Sequence[Hook] = ()) -> Checkpoint:
        """Return what stood at the end of an epoch, trained again from the checkpoint before it.

        Raises:
            DataError: the run ended before, or has no checkpoint so early.
            CorruptFileError: training again comes to another digest than the ledger has.
        """
        place = (epoch, 0)
        start = self.nearest(place)
        if start is not None and start.place == place:
            return start
        if place == THE_START:
            raise DataError("at epoch 0 nothing is learned yet: train a new run instead")
        reached = next(self.follow(start, [place], hooks), None)
        if reached is None:
            raise DataError(f"the run ended before epoch {epoch}; name an earlier one")
        recorded = {each.place: each.links.parameters for each in self.entries}.get(place)
        if recorded not in {None, self.digest(reached)}:
            raise CorruptFileError(
                f"trained again, epoch {epoch} comes to another digest than the ledger in "
                f"{self.folder} has; ellnet verify says where they part"
            )
        return reached

    def digest(self, checkpoint: Checkpoint) -> str:
        """Return the last link of a checkpoint's chain."""
        return chain_at(checkpoint, self.origin).parameters

    def stretches(
        self, first: int | None, last: int | None
    ) -> list[tuple[Checkpoint | None, list[Entry]]]:
        """Choose what to train again: where to begin, and which digests to compare on the way.

        Args:
            first: epoch from which on all digests are compared; None for only the next one after
                each checkpoint that is kept.
            last: epoch up to which; None for the end.
        """
        ends = [each for each in self.entries if each.place > THE_START]
        if first is None:
            pairs = [
                (start, next((e for e in ends if e.place > _place(start)), None))
                for start in self.kept
            ]
            return [(start, [end]) for start, end in pairs if end is not None]
        start = self.nearest((first, 0))
        after = [e for e in ends if e.place > _place(start) and e.place >= (first, 0)]
        chosen = [e for e in after if last is None or e.place <= (last, 0)]
        return [(start, chosen)] if chosen else []

    def confirm(
        self,
        start: Checkpoint | None,
        entries: Sequence[Entry],
        reached: Callable[[Checkpoint], None],
        hooks: Sequence[Hook] = (),
    ) -> Iterator[Stretch]:
        """Train again from a checkpoint, and compare the digests on the way.

        Args:
            start: where to begin.
            entries: what the ledger has of the places to compare at.
            reached: is given each checkpoint that training again came to.
            hooks: called as training goes.
        """
        began, before = time.perf_counter(), _place(start)
        places = [entry.place for entry in entries]
        found = {each.place: each for each in self.follow(start, places, hooks)}
        seconds = time.perf_counter() - began
        for entry in entries:
            there = found.get(entry.place)
            digest = "" if there is None else self.digest(there)
            if there is not None:
                reached(there)
            yield Stretch(
                before, entry.place, entry.links.parameters, digest, seconds / len(entries)
            )
            before = entry.place


def inherited_of(record: RunRecord) -> Inherited:
    """Return what a run has from the one that it branched from; of any other its own seed alone."""
    taken = record.inherited
    if not taken:
        return Inherited(record.split_seed)
    preprocessing = Preprocessing.from_json(taken["preprocessing"])
    return Inherited(record.split_seed, preprocessing, Target.from_json(taken["target"]))


def branch_point(there: Checkpoint, seed: int, *, other_data: bool) -> Checkpoint:
    """Return a checkpoint as a branch begins with it: nothing has ended, and patience is whole again.

    Args:
        there: what stands in the parent.
        seed: of the order of examples and of dropout from here on.
        other_data: whether the branch validates on other examples, which makes the best so far no
            measure any more.
    """
    state, history = replace(there.state, seed=seed), replace(there.history, stopped="")
    if other_data:
        return Checkpoint(state, replace(history, best_epoch=0))
    memory = None if there.memory is None else {**there.memory, "waited": 0.0}
    return replace(there, state=state, history=history, memory=memory)


def same_parameters(one: Parameters, other: Parameters) -> bool:
    """Say whether two are the same to the bit."""
    pairs = zip(one.arrays(), other.arrays(), strict=True)
    return all(np.array_equal(to_numpy(a), to_numpy(b)) for a, b in pairs)


def _place(checkpoint: Checkpoint | None) -> Place:
    return THE_START if checkpoint is None else checkpoint.place
