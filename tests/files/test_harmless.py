"""Loading runs nothing, starts nothing and opens nothing but the file that was named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ellnet.errors import FileAccessError
from ellnet.loading import load

KEPT = Path(__file__).resolve().parent / "kept"

WATCHED = """
import json, sys
from ellnet.loading import load
load(sys.argv[1])  # what it imports is imported
seen = []
sys.addaudithook(lambda event, details: seen.append((event, str(details[:1]))))
for path in sys.argv[1:]:
    try:
        load(path)
    except Exception as error:
        assert type(error).__name__ in {"CorruptFileError", "NewerFileError"}, error
events = list(seen)
print(json.dumps(events))
"""

FORBIDDEN = (
    "pickle",
    "exec",
    "compile",
    "import",
    "subprocess",
    "socket",
    "ctypes",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "marshal",
    "code.",
    "shutil",
    "tempfile",
    "urllib",
)
"""Beginnings of the names of events that loading must not raise."""


@pytest.mark.parametrize("kind", ["model", "estimator"])
def test_no_event_of_running_anything_is_raised_on_load(tmp_path: Path, kind: str) -> None:
    """Neither a good file, nor a pickle, nor one with paths and code in its texts, raises any."""
    good = KEPT / f"format-1-{kind}.safetensors"
    pickle, forged = tmp_path / "pickle", tmp_path / "forged"
    pickle.write_bytes(b"\x80\x04cos\nsystem\n(S'touch pwned'\ntR.")
    forged.write_bytes(good.read_bytes().replace(b"format_version", b"__import__('os')"[:14]))
    paths = [good, pickle, forged]

    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    events = json.loads(done.stdout)
    opened = [details for event, details in events if event == "open"]
    assert [event for event, _ in events if event.startswith(FORBIDDEN)] == []
    assert [path for path in paths if not any(str(path) in each for each in opened)] == []
    assert [each for each in opened if not _ours(each, paths)] == []
    assert not (tmp_path / "pwned").exists()


def _ours(details: str, paths: list[Path]) -> bool:
    """Tell whether what was opened is one of the paths, or a descriptor of one that is open."""
    inside = details.strip("(),")
    return inside.isdigit() or any(str(path) in inside for path in paths)


def test_a_link_to_a_model_is_a_model_and_a_device_is_none(tmp_path: Path) -> None:
    """What a link leads to is looked at, not its name; a pipe is refused without waiting."""
    link, device, pipe = tmp_path / "link", tmp_path / "device", tmp_path / "pipe"
    link.symlink_to(KEPT / "format-1-model.safetensors")
    device.symlink_to("/dev/zero")
    os.mkfifo(pipe)

    load(link)

    for path, what in ((device, "a device"), (pipe, "a named pipe"), (tmp_path, "a folder")):
        with pytest.raises(FileAccessError, match=f"cannot be read: it is {what}"):
            load(path)


def test_a_path_with_anything_in_it_is_just_a_path(tmp_path: Path) -> None:
    """Names that a shell, an address or a pattern would mean something by are names of files."""
    data = (KEPT / "format-1-model.safetensors").read_bytes()
    for name in ("$(touch pwned)", "*.safetensors", "a b;c|d", "-rf", "http:x", "%00", "\udcff"):
        (tmp_path / name).write_bytes(data)

        load(tmp_path / name)

    assert not (tmp_path / "pwned").exists()
