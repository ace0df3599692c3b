"""C99 export: it compiles without a warning, agrees with the model, and no name becomes code."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from ellnet.columns import Columns
from ellnet.encodings import MAX_CATEGORIES
from ellnet.equations.activations import ACTIVATIONS
from ellnet.errors import DataError, EllnetWarning, FileAccessError, HyperparameterError
from ellnet.forms import as_model, c_layers, c_source, c_text, export_c
from ellnet.forms.c_text import double, identifiers, single, string
from ellnet.forms.parity import disagreement, expected
from ellnet.network import Network, initial_parameters
from ellnet.preprocessing import Preprocessing
from ellnet.targets import Target
from tests.counts import count
from tests.forms.compiled import COMPILERS, build, needs_compiler, predictions_in_c, self_tested
from tests.forms.random_models import HOSTILE, model_over, random_model, random_table, rows_for

STRICTER = ["-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Wstrict-prototypes"]


@needs_compiler
@pytest.mark.parametrize("seed", range(count(6, 20)))
def test_the_self_test_passes_on_random_networks(tmp_path, seed):
    """Within 1e-5, whatever the columns, layers and target, in either precision of the model."""
    model = random_model(seed, "float64" if seed % 3 == 0 else "float32")

    code, said = self_tested(c_source(model), tmp_path, *STRICTER)

    assert code == 0
    found = re.fullmatch(
        r"(\d+) rows, worst difference (\S+) of 1e-05 allowed, 0 other labels\n", said
    )
    assert found
    assert int(found[1]) >= 24
    assert float(found[2]) <= 1e-5


@needs_compiler
@pytest.mark.parametrize("seed", range(count(3, 20)))
def test_the_function_agrees_on_rows_that_it_never_saw(tmp_path, seed):
    """Called row by row: the probabilities or the value, and the number of the class."""
    model = random_model(seed + 50)
    rows = rows_for(model.preprocessing, seed)

    returned, outputs = predictions_in_c(model, rows, tmp_path)

    wanted = expected(model, rows)
    assert disagreement(wanted, outputs) <= 1e-5
    if model.target.task == "regression":
        assert set(returned) == {0}
    else:
        assert [model.target.classes[k] for k in returned] == wanted.labels.tolist()


@needs_compiler
@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_every_activation_has_a_form(tmp_path, output):
    """All of them in one network, one behind the other."""
    g = (*(name for name in ACTIVATIONS if name != "exponential"), "exponential", output)
    n = (4, *(6 for _ in g[:-1]), 3 if output == "softmax" else 1)
    net = Network(n, g, "squared_error", initial_parameters(n, g, seed=1))

    code, said = self_tested(c_source(as_model(net)), tmp_path, *STRICTER)

    assert code == 0, said
    assert {*c_layers.EXPRESSIONS, "softmax", "identity"} == set(ACTIVATIONS)


@needs_compiler
@pytest.mark.parametrize("name", [g for g in ACTIVATIONS if g != "softmax"])
def test_an_activation_is_right_far_from_zero_too(tmp_path, name):
    """From -90 to 5, and to 90 where it cannot overflow: nothing becomes NaN."""
    net = Network((1, 1), (name,), "squared_error")
    model = as_model(net.with_parameters(_one(net)))
    end = 5.0 if name == "exponential" else 90.0
    rows = Columns.from_mapping({"x0": np.linspace(-90.0, end, 61).tolist()})

    _, outputs = predictions_in_c(_as_number(model), rows, tmp_path)

    wanted = ACTIVATIONS[name].value(rows["x0"].values[None, :])[0]
    np.testing.assert_allclose(outputs[:, 0], wanted, rtol=2e-6, atol=1e-7)


@needs_compiler
@pytest.mark.parametrize("compiler", COMPILERS)
def test_hostile_names_stay_data(tmp_path, compiler):
    """Columns, levels, labels and the target: it compiles without a warning, and its self-test passes."""
    table = Columns.from_mapping({name: [*HOSTILE, *HOSTILE[:5]] for name in HOSTILE})
    preprocessing = Preprocessing.fit(table)
    target = Target('*/ int x; /* " \\', "multiclass", tuple(sorted(HOSTILE)))
    model = model_over(preprocessing, target, (4,), ("relu", "softmax"))

    source = c_source(model)
    code, said = self_tested(source, tmp_path, *STRICTER, compiler=compiler)

    assert code == 0, said
    assert source.isascii()
    code_alone = re.sub(r'/\*.*?\*/|"(?:[^"\\]|\\.)*"', "", source, flags=re.DOTALL)
    assert re.findall(r"system\w*\s*\(|evil\w*\s*\(|#define float", code_alone) == []
    assert "??" not in source
    assert re.findall(r".*\bmain *\(.*", code_alone) == ["int main(void)"]
    assert re.findall(r"^#define (\w+)", source, re.MULTILINE) == [
        "model_DECLARED",
        "model_OUTPUTS",
        "model_TESTS",
    ]


@needs_compiler
def test_levels_and_labels_are_the_same_bytes(tmp_path):
    """What the C compares with and gives back is UTF-8, whatever the characters."""
    levels = [name for name in HOSTILE if name.strip()]
    preprocessing = Preprocessing.fit(Columns.from_mapping({"c": levels * 2}))
    model = model_over(preprocessing, Target("y", "regression"), (), ("identity",))
    rows = Columns.from_mapping({"c": levels})

    _, outputs = predictions_in_c(model, rows, tmp_path)

    np.testing.assert_allclose(outputs[:, 0], model.predict(rows), atol=1e-6)
    assert len(np.unique(outputs)) == len(levels)


@needs_compiler
def test_another_file_uses_it_by_its_declarations(tmp_path):
    """Two models in one program, a function that gives -1 for no row, and the labels."""
    preprocessing = Preprocessing.fit(random_table(np.random.default_rng(0), "nc"))
    targets = {
        "first": (Target("y", "binary", ("no", "yes")), "sigmoid"),
        "second": (Target("y", "multiclass", (1, 2, 3)), "softmax"),
    }
    for name, (target, output) in targets.items():
        model = model_over(preprocessing, target, (3,), ("tanh", output))
        export_c(model, tmp_path / f"{name}.c")
    (tmp_path / "main.c").write_text(
        """
        #define first_DECLARATIONS_ONLY
        #include "first.c"
        #include "first.c"
        #define second_DECLARATIONS_ONLY
        #include "second.c"
        #include <stdio.h>
        int main(void)
        {
            float p[first_OUTPUTS], q[second_OUTPUTS];
            first_row row = {1.0, "red"};
            second_row other = {1.0, 0};
            printf("%d %d ", first_predict(0, p), first_predict(&row, 0));
            printf("%s %s\\n", first_labels[1], second_labels[2]);
            return first_predict(&row, p) < 0 || second_predict(&other, q) < 0;
        }
        """
    )
    files = [str(tmp_path / f"{name}.c") for name in ("main", "first", "second")]
    command = [COMPILERS[0], "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", *files]

    subprocess.run([*command, "-o", str(tmp_path / "out"), "-lm"], check=True)
    done = subprocess.run([tmp_path / "out"], capture_output=True, text=True, check=True)

    assert done.stdout == "-1 -1 yes 3\n"


@needs_compiler
def test_the_self_test_can_fail(tmp_path):
    """One weight that is another makes it end with 1, and say by how much."""
    model = random_model(2, kinds="nnc")
    source = c_source(model)
    begin = source.index("_W1[")
    first = re.compile(r"-?\d\S*f,").search(source, begin)
    assert first
    spoiled = source[: first.start()] + "9.5f," + source[first.end() :]

    code, said = self_tested(spoiled, tmp_path)

    assert code == 1
    assert float(re.findall(r"worst difference (\S+) of", said)[0]) > 1e-5


@needs_compiler
def test_fast_math_is_refused(tmp_path):
    """It would take missing values for numbers."""
    (tmp_path / "model.c").write_text(c_source(random_model(0)))

    done = subprocess.run(
        [COMPILERS[0], "-std=c99", "-ffast-math", "-c", "model.c"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "compile without it" in done.stderr


@needs_compiler
def test_infrequent_categories_and_an_empty_level(tmp_path):
    """A level that was left out joins the others; an empty text that is a level is no missing value."""
    levels = ["", *(f"level {k}" for k in range(MAX_CATEGORIES + 20))]
    table = Columns.from_mapping({"c": [*levels, *levels, None]})
    with pytest.warns(EllnetWarning, match="categories"):
        preprocessing = Preprocessing.fit(table)
    model = model_over(preprocessing, Target("y", "regression"), (), ("identity",))
    rows = Columns.from_mapping({"c": ["", None, "level 0", "never seen", levels[-1]]})

    _, outputs = predictions_in_c(model, rows, tmp_path)

    np.testing.assert_allclose(outputs[:, 0], model.predict(rows), atol=1e-6)


@needs_compiler
def test_dates_follow_the_calendar(tmp_path):
    """From 1600 to 2400, at the ends of years, in leap years and in years of whole centuries."""
    days = [f"{year}-{day}" for year in (1600, 1700, 1899, 1904, 1970, 2000, 2023, 2100, 2400)
            for day in ("01-01", "02-28", "03-01", "12-31T23:59:59.5")]  # fmt: skip
    seconds = np.array(days, "datetime64[us]").astype(np.int64) / 1e6
    rows = Columns.from_mapping({"d": np.array(days, "datetime64[us]")})
    preprocessing = Preprocessing.fit(rows)
    model = model_over(preprocessing, Target("y", "regression"), (5,), ("tanh", "identity"))
    assert rows["d"].values.tolist() == seconds.tolist()

    _, outputs = predictions_in_c(model, rows, tmp_path)

    np.testing.assert_allclose(outputs[:, 0], model.predict(rows), atol=1e-5)


@needs_compiler
def test_it_allocates_nothing_and_needs_nothing(tmp_path):
    """The object's undefined symbols are functions of math.h and string.h alone."""
    nm = shutil.which("nm")
    if nm is None:
        pytest.skip("there is no nm")
    g = (*(name for name in ACTIVATIONS if name != "softmax"), "softmax")
    n = (4, *(3 for _ in g))
    net = Network(n, g, "squared_error", initial_parameters(n, g))
    plain = c_source(as_model(net), name="plain")
    mixed = c_source(random_model(1, kinds="nCdT"), name="mixed")
    for name, source in (("plain", plain), ("mixed", mixed)):
        build(source, tmp_path, "-c")
        done = subprocess.run(
            [nm, "-u", "built"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        needed = {line.split()[-1].lstrip("_") for line in done.stdout.splitlines() if line.split()}
        allowed = {
            "expf",
            "expm1f",
            "log1pf",
            "tanhf",
            "sin",
            "cos",
            "floor",
            "sqrt",
            "strcmp",
            "isnan",
        }
        assert needed - allowed - {"GLOBAL_OFFSET_TABLE_", "stack_chk_fail"} == set(), name


def test_the_same_model_gives_the_same_text():
    """Nothing of a clock or a path is in it."""
    assert c_source(random_model(4)) == c_source(random_model(4))


def test_an_activation_without_a_form_is_refused_by_name(monkeypatch):
    """In one sentence that says which there are."""
    monkeypatch.delitem(c_layers.EXPRESSIONS, "mish")
    net = Network((1, 2, 1), ("mish", "identity"), "squared_error")

    with pytest.raises(
        HyperparameterError, match=r"the form C has no activation 'mish'; train with"
    ):
        c_source(as_model(net))


@pytest.mark.parametrize(
    ("level", "sentence"),
    [
        ("a\0b", "column 'c' must not hold a NUL"),
        ("x" * 5000, "may have 4000 bytes"),
        ("\ud800", "must be Unicode text"),
    ],
)
def test_a_level_that_c_cannot_hold_is_refused(level, sentence):
    """With the column's name."""
    preprocessing = Preprocessing.fit(Columns.from_mapping({"c": ["a", level]}))
    model = model_over(preprocessing, Target("y", "regression"), (), ("identity",))

    with pytest.raises(DataError, match=sentence):
        c_source(model)


def test_weights_beyond_float32_are_refused():
    """A float64 network may have them."""
    net = Network(
        (1, 1),
        ("identity",),
        "squared_error",
        initial_parameters((1, 1), ("identity",), dtype="float64"),
    )
    net.W[1][0, 0] = 1e300

    with pytest.raises(DataError, match=r"W\[1\] holds numbers beyond float32"):
        c_source(as_model(net))


@pytest.mark.parametrize(("mean", "scale"), [(1e38, 1e37), (0.0, 1e36), (0.0, 1e-40)])
def test_a_target_beyond_float32_is_refused(mean, scale):
    """Its values could not be given back."""
    preprocessing = Preprocessing.fit(random_table(np.random.default_rng(0), "n"))
    model = model_over(preprocessing, Target("y", "regression", (), mean, scale), (), ("identity",))

    with pytest.raises(DataError, match=r"target 'y' has the mean .*; predict it in another unit"):
        c_source(model)


@needs_compiler
def test_outputs_that_overflow_do_so_in_both(tmp_path):
    """An exponential of a very large number is infinite, and infinity agrees with itself."""
    net = Network((1, 1), ("exponential",), "poisson")
    weights = [np.full((1, 1), 200.0, np.float32), np.zeros((1, 1), np.float32)]
    model = as_model(net.with_parameters(net.parameters.from_arrays(weights)))

    with np.errstate(over="ignore"):
        source = c_source(model)
    code, said = self_tested(source, tmp_path)

    assert "INFINITY" in source
    assert code == 0, said


def test_a_very_large_network_is_refused(monkeypatch):
    """As text it would be of no use."""
    monkeypatch.setattr("ellnet.forms.c_export.LARGEST", 10)

    with pytest.raises(DataError, match="may have 10 parameters, got "):
        c_source(random_model(2))


@pytest.mark.parametrize("name", ["", "1a", "a-b", "int", "a b", "größe", "x" * 60, "_x", 'a"'])
def test_a_name_that_is_no_identifier_is_refused(name):
    """Nothing else could be put before every name of the file."""
    with pytest.raises(HyperparameterError, match="the name in C must be"):
        c_source(random_model(0), name=name)


def test_the_name_follows_from_the_files_own(tmp_path):
    """Whatever characters that has."""
    export_c(random_model(0), tmp_path / "2nd best-model.c")

    text = (tmp_path / "2nd best-model.c").read_text()
    assert "int x_2nd_best_model_predict(const x_2nd_best_model_row *row, float *outputs);" in text


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    """As everywhere."""
    with pytest.raises(FileAccessError, match="its folder does not exist"):
        export_c(random_model(0), tmp_path / "none" / "model.c")


def test_identifiers_are_letters_and_each_is_there_once():
    """Words of C and C++, macros, digits first, nothing at all, and names that come out the same."""
    found = identifiers([*HOSTILE, "class", "EOF", "_Bool", "a  b", "x_1st", "errno", "", "I"])

    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]*", name) for name in found)
    assert not set(found) & c_text.WORDS
    assert [name for name in found if name.isupper()] == []
    assert identifiers(["age", "hours-per-week", "1st", "int"]) == [
        "age", "hours_per_week", "x_1st", "x_int",
    ]  # fmt: skip


def test_constants_read_back_as_the_same_number():
    """In either precision, for the smallest, the largest and a great many between."""
    random = np.random.default_rng(0)
    bits = random.integers(0, 2**32, 2000, np.uint32).view(np.float32)
    for value in [*bits[np.isfinite(bits)].tolist(), 0.0, -0.0, 1.0, 1e-45, 3.4028235e38]:
        text = single(value)
        assert text.endswith("f")
        assert np.float32(text[:-1]) == np.float32(value)
        assert any(mark in text for mark in ".e")
    for value in [0.1, 1e300, 5e-324, 3.0, -1e22]:
        assert float(double(value)) == value
        assert any(mark in double(value) for mark in ".e")


def test_strings_are_escaped():
    """Quotes, backslashes, question marks and all that is no printable ASCII."""
    assert string('a"b\\c?\n%é', "text") == r'"a\042b\134c\077\012\045\303\251"'


def _one(net):
    """W = 1 and b = 0."""
    return net.parameters.from_arrays([np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)])


def _as_number(model):
    """The same network with a number for a target, also where its output is a probability."""
    return type(model)(
        model.network,
        model.hyperparameters,
        model.preprocessing,
        Target("y", "regression"),
        model.history,
    )
