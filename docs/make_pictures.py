"""Makes the pictures of the README and the documentation, from real runs.

python docs/make_pictures.py
"""

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH = 92
SEARCH = (
    "ellnet search digits --learning-rate 1e-4:1e-1:log --hidden '64|128,64|256,128' "
    "--activation relu,tanh --epochs 20 --trials 30"
)
FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def in_terminal(words: list[str], folder: str) -> str:
    """Run a command in a terminal, and return what is left on the screen."""
    leader, follower = pty.openpty()
    settings = {**os.environ, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    program = [sys.executable, "-m", *words]
    process = subprocess.Popen(program, stdout=follower, stderr=follower, cwd=folder, env=settings)
    os.close(follower)
    chunks = []
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    process.wait()
    return _screen(b"".join(chunks).decode())


def _screen(text: str) -> str:
    """Keep the last state of every line that was drawn over and over."""
    lines = []
    for line in text.replace("\r\n", "\n").split("\n"):
        last = re.sub(r"\x1b\[\?25[lh]", "", line).split("\r")[-1]
        lines.append(re.sub(r"\x1b\[\d*[AK]", "", last))
    return "\n".join(lines)


def picture(words: list[str], name: str, folder: str) -> None:
    """Save what a command shows as SVG; no font is fetched from anywhere."""
    shown = in_terminal(words, folder)
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(Text.from_ansi(shown))
    svg = console.export_svg(title=shlex.join(words), code_format=FONTS.sub("", CONSOLE_SVG_FORMAT))
    (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


def page_picture(page: Path, name: str, size: tuple[int, int]) -> None:
    """Save the top of a page as PNG, as Chromium shows it; without one the picture stays as it is."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.stderr.write(f"{name}.png is left as it is: there is no chromium here\n")
        return
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    window = f"--window-size={size[0]},{size[1]}"
    shot = f"--screenshot={IMAGES / name}.png"
    subprocess.run([browser, *options, window, shot, page.as_uri()], check=True, timeout=120)


def main() -> None:
    """Make every picture."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        picture(["ellnet", "train", "digits"], "train", folder)
        curve = Path(folder) / "runs" / "digits-1" / "cost.png"
        (IMAGES / "cost.png").write_bytes(curve.read_bytes())
        model = "runs/spirals-1/model.safetensors"
        in_terminal(["ellnet", "train", "spirals", "--hidden", "5,5,3"], folder)
        picture(["ellnet", "inspect", model], "inspect", folder)
        drawn = ["ellnet", "circuits", "parity", "--inputs", "8", "--largest", "8", "--no-train"]
        in_terminal([*drawn, "--draw", str(IMAGES / "circuits.svg")], folder)
        sheet = Path(folder) / "sheet.html"
        in_terminal(["ellnet", "train", "iris", "--hidden", "5,5,3"], folder)
        shown = ["ellnet", "prove", "runs/iris-1/model.safetensors", "iris", "--row", "17"]
        in_terminal([*shown, "--certify", "-o", str(sheet)], folder)
        page_picture(sheet, "prove", (1240, 1560))
        in_terminal(shlex.split(SEARCH), folder)
        for name in ("curves", "parallel"):
            curves = Path(folder) / "studies" / "digits-1" / f"{name}.png"
            (IMAGES / f"search_{name}.png").write_bytes(curves.read_bytes())
        in_terminal(["ellnet", "occam", "moons", "--no-refit"], folder)
        ladder = Path(folder) / "ladders" / "moons-1" / "ladder.png"
        (IMAGES / "occam.png").write_bytes(ladder.read_bytes())


if __name__ == "__main__":
    main()
