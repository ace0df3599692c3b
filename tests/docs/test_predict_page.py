"""The page about predicting many rows: its commands run, and give what its lines of Python assert."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from ellnet.cli import main

ROOT = Path(__file__).resolve().parents[2]


def blocks(kind: str) -> list[str]:
    """Return the blocks of a kind on the page."""
    page = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", page, flags=re.DOTALL)


def customers(rows: int) -> pl.DataFrame:
    """Return the table that the page speaks of."""
    return pl.DataFrame(
        {
            "id": range(rows),
            "name": [f"n{i}" for i in range(rows)],
            "age": [20.0 + i % 50 for i in range(rows)],
            "plan": [("free", "paid")[i % 3 == 0] for i in range(rows)],
        }
    )


@pytest.mark.filterwarnings("ignore::ellnet.errors.EllnetWarning")
def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command ends well, and the results are what the page says."""
    monkeypatch.chdir(tmp_path)
    leaves = pl.when(pl.col("age") > 45).then(pl.lit("yes")).otherwise(pl.lit("no"))
    trained = customers(300).drop("id", "name").with_columns(leaves=leaves)
    trained.write_csv("customers.csv")
    customers(50).write_parquet("new.parquet")
    plans = customers(50)["plan"].to_list()
    plans[7] = plans[30] = "gold"
    customers(50).with_columns(plan=pl.Series(plans)).write_csv("new.csv")
    (commands,), (python,) = blocks("sh"), blocks("python")

    for line in commands.splitlines():
        assert main(shlex.split(line)[1:]) == 0
    done = subprocess.run(
        [sys.executable, "-c", python], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert pl.read_parquet("leaving.parquet").columns == ["id", "leaves", "p(no)", "p(yes)"]
    assert pl.read_csv("leaving.csv").columns == ["row", "id", "name", "leaves"]
    assert pl.read_csv("bad.csv")["row"].to_list() == [7, 30]
    assert pl.read_parquet("hidden.parquet").columns[0] == "A[1][1]"
