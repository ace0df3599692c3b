"""Builds that are only tested: what is missing is said, and a process takes the one it is told to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ellnet.engines import native
from ordeal import builds
from ordeal.__main__ import main as ordeal
from ordeal.sittings import Missing
from tests.engines.every_engine import TARGETS


def test_a_build_that_was_not_made_is_named(tmp_path, monkeypatch):
    """With what makes it."""
    monkeypatch.setattr(builds, "WHERE", tmp_path)

    with pytest.raises(Missing, match=r"build 'address' is not there: `./run ordeal` makes it"):
        builds.module("address")


def test_a_build_without_its_sanitizer_is_refused(tmp_path, monkeypatch):
    """An ordinary module under a sanitizer's tests would find nothing, whatever there is to find."""
    monkeypatch.setattr(builds, "WHERE", tmp_path)
    folder = tmp_path / "thread" / "ellnet" / "engines"
    folder.mkdir(parents=True)
    (folder / "_native.abi.so").write_bytes(b"an ordinary module")

    with pytest.raises(Missing, match="compiled without its sanitizer: remove"):
        builds.module("thread")
    (folder / "_native.abi.so").write_bytes(b"one with __tsan_init in it")
    assert builds.module("thread").name == "_native.abi.so"


def test_a_library_that_the_compiler_has_not_is_named(tmp_path, monkeypatch):
    """A compiler says the bare name of what it does not find."""
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\necho libasan.so\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))

    with pytest.raises(Missing, match=r"has no libasan.so: install GCC's sanitizers"):
        builds.library("libasan.so")


def test_no_compiler_is_one_sentence(monkeypatch):
    """With what to install."""
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(Missing, match=r"there is no C\+\+ compiler: install g\+\+"):
        builds.compiler()


@pytest.mark.skipif(not TARGETS, reason="the native engine was not built")
def test_a_process_takes_the_module_that_it_is_told_to(tmp_path):
    """And so does a process that it begins."""
    other = tmp_path / Path(native._native.__file__).name
    shutil.copy(native._native.__file__, other)
    program = "from ellnet.engines import _native as n; print(n.__file__)"
    twice = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}]); {program}"
    )
    variables = {"PYTHONPATH": str(builds.REDIRECT), "ELLNET_NATIVE_MODULE": str(other)}

    done = subprocess.run(
        [sys.executable, "-c", twice],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == [str(other)] * 2


def test_the_builds_that_trials_need_are_lines_of_two_words(capsys):
    """One for each build, and none for trials that go on the usual one."""
    assert ordeal(["builds", "thread", "forks"]) == 0
    assert capsys.readouterr().out == "thread thread\n"

    assert ordeal(["builds", "forks", "company"]) == 0
    assert capsys.readouterr().out == ""
