"""The root package: its names come when they are asked for."""

import importlib
import subprocess
import sys

import pytest

import ellnet


def test_every_public_name_can_be_had():
    """From its home, and listed once."""
    assert len(set(ellnet.__all__)) == len(ellnet.__all__)
    assert set(ellnet.HOMES) < set(ellnet.__all__)
    for name in ellnet.__all__:
        assert getattr(ellnet, name) is not None
    for name, home in ellnet.HOMES.items():
        assert getattr(ellnet, name) is getattr(importlib.import_module(home), name)


def test_the_package_alone_imports_nothing_that_takes_time():
    """Not even NumPy; its modules are imported as they are named."""
    program = (
        "import ellnet, sys; print(sorted({'numpy', 'click', 'typing'} & set(sys.modules))); "
        "print(ellnet.errors.DataError.__name__, ellnet.load.__name__)"
    )

    ran = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.stdout, ran.stderr) == ("[]\nDataError load\n", "")


def test_a_name_that_is_none_is_an_attribute_error():
    """And so is a private one, whatever modules there are."""
    with pytest.raises(AttributeError, match="module 'ellnet' has no attribute 'nothing'"):
        _ = ellnet.nothing
    with pytest.raises(AttributeError, match="_nothing"):
        _ = ellnet._nothing
    assert not hasattr(ellnet, "__wrapped__")


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    """A module that is there and cannot be imported is no missing attribute."""

    def lacking(name: str) -> None:
        raise ModuleNotFoundError(f"No module named 'polars', wanted by {name}", name="polars")

    monkeypatch.setattr(importlib, "import_module", lacking)

    with pytest.raises(ModuleNotFoundError, match="polars"):
        _ = ellnet.somewhere
