"""Estimators after scikit-learn's convention: its MLPClassifier and MLPRegressor, and more.

This package and what it imports are the home of rows: X is (m, n[0]), one example a row, `coefs_[l-1]`
is W[l] transposed. Below it everything has the shapes of the notes; crossing is `.T`, a view.
"""

from ellnet.estimators.classifier import MLPClassifier
from ellnet.estimators.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
