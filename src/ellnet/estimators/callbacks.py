"""scikit-learn's callbacks, where the installed version has them (1.9 and later)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ellnet.history import History
from ellnet.network import Parameters
from ellnet.state import TrainingState
from ellnet.training import Hook, Outcome

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    HAVE_CALLBACKS = True
except ImportError:  # scikit-learn before 1.9
    HAVE_CALLBACKS = False

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this scikit-learn has no callbacks."""

    Method = TypeVar("Method", bound=Callable[..., Any])

    def with_callbacks(method: Method) -> Method:
        """Return the method as it is: this scikit-learn has no callbacks."""
        return method


__all__ = ["CallbackHook", "CallbackSupportMixin", "with_callbacks"]


class CallbackHook(Hook):
    """Tells an estimator's callbacks of every epoch; one that returns true ends the run."""

    def __init__(
        self,
        estimator: Any,
        data: Mapping[str, Any],
        epochs: int,
        fitted: Callable[[Parameters], dict[str, Any]],
    ) -> None:
        """Keep what callbacks may ask for.

        Args:
            estimator: the one that is fitted.
            data: X, y and metadata as they were given to fit.
            epochs: how many there will be at most.
            fitted: gives the attributes of an estimator with such parameters.
        """
        self._estimator = estimator
        self._data = data
        self._epochs = epochs
        self._fitted = fitted
        self._root: Any = None

    @classmethod
    def wanted(cls, estimator: Any) -> bool:
        """Say whether there is anybody to tell."""
        return HAVE_CALLBACKS and bool(getattr(estimator, "_skl_callbacks", ()))

    def before_run(self, epochs: int) -> None:
        """Open the root of the tasks."""
        del epochs
        root = self._estimator._init_callback_context(max_subtasks=self._epochs)  # noqa: SLF001
        self._root = root
        root.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def after_epoch(self, state: TrainingState, history: History) -> bool:
        """Tell of the epoch as a task of its own."""
        del history
        task = self._root.subcontext(task_name="epoch")
        task.call_on_fit_task_begin(estimator=self._estimator, **self._data)
        stop = task.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=lambda: self._fitted(state.parameters),
            **self._data,
        )
        return bool(stop)

    def after_run(self, outcome: Outcome) -> None:
        """Close the root of the tasks."""
        self._root.call_on_fit_task_end(
            estimator=self._estimator,
            reconstruction_attributes=lambda: self._fitted(outcome.network.parameters),
            **self._data,
        )
