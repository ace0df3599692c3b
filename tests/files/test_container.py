"""The container: the same bytes again, and one kind of error for all that can be wrong."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ellnet.errors import CorruptFileError, DataError, EllnetWarning, NewerFileError
from ellnet.files import container
from ellnet.files.container import Tensors, pack, unpack
from ellnet.version import VERSION
from tests.files.forging import forged, from_text, parts

TENSORS: Tensors = {
    "W1": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b1": np.zeros((2, 1)),
    "none": np.zeros(0),
}
RECORD = {"names": ["é", '"digest":"0"', "\ud800", "a\nb"], "number": 0.1, "nothing": None}
WHOLE = pack("thing", TENSORS, RECORD)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def opened(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Unpack the bytes of a thing."""
    return unpack("thing", data, "here")


def test_what_is_packed_comes_out() -> None:
    """Names, shapes, dtypes, numbers and the record survive; the arrays are new and writable."""
    tensors, record = opened(WHOLE)

    assert record == RECORD
    assert tensors.keys() == TENSORS.keys()
    for name, array in TENSORS.items():
        assert tensors[name].dtype == array.dtype
        np.testing.assert_array_equal(tensors[name], array)
        assert tensors[name].flags.writeable


@settings(max_examples=40, deadline=None)
@given(
    record=st.dictionaries(st.text(), json_values, max_size=4),
    array=hnp.arrays(
        st.sampled_from([np.float32, np.float64]), hnp.array_shapes(max_dims=2, min_side=0)
    ),
)
def test_any_record_and_any_array_come_out(record: dict[str, Any], array: np.ndarray) -> None:
    """Every JSON value and every bit of every array survive."""
    tensors, found = opened(pack("thing", {"W1": array}, record))

    assert found == record
    assert tensors["W1"].shape == array.shape
    assert tensors["W1"].tobytes() == array.tobytes()


def test_the_same_things_give_the_same_bytes() -> None:
    """Neither the order of names nor the layout in memory shows in the file."""
    turned = {name: np.asfortranarray(TENSORS[name]) for name in reversed(TENSORS)}
    record = {name: RECORD[name] for name in reversed(RECORD)}

    assert pack("thing", turned, record) == WHOLE


def test_a_record_that_no_reader_would_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A header above the limit is refused on writing, not on reading."""
    monkeypatch.setattr(container, "HEADER_LIMIT", 300)

    with pytest.raises(DataError, match="may have 300 bytes"):
        pack("thing", TENSORS, RECORD)


def test_every_truncation_is_refused() -> None:
    """No beginning of a file is a file."""
    for length in range(len(WHOLE)):
        with pytest.raises(CorruptFileError, match=r"^here is damaged"):
            opened(WHOLE[:length])


def test_every_flipped_bit_is_refused() -> None:
    """No bit can change unseen, be it in the header or in the tensors."""
    for place in range(len(WHOLE)):
        for bit in range(8):
            damaged = bytearray(WHOLE)
            damaged[place] ^= 1 << bit
            with pytest.raises(CorruptFileError, match=r"^here "):
                opened(bytes(damaged))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "header: the file is empty"),
        (b"abc", "header: the file ends after 3 bytes"),
        (b"\x80\x05\x95\x10" + b"x" * 50, "header: this is a pickle"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "header: this is an HDF5 file"),
        (b"PK\x03\x04" + bytes(50), "header: this is a zip archive"),
        (b"PAR1" + bytes(50), "header: this is a Parquet file"),
        (b"age,income,label\n1,2,3\n", "header: this is not a safetensors file"),
        ((1 << 60).to_bytes(8, "little") + b"{}", "header: this is not a safetensors file"),
        ((1 << 20).to_bytes(8, "little") + b"{}", "header: it should have 1048576 bytes"),
        ((2).to_bytes(8, "little") + b"{}", "one metadata key, ellnet"),
        ((4).to_bytes(8, "little") + b"{\xff\xfe}", "record: 'utf-8' codec"),
        (WHOLE + WHOLE, "digest: it is not that of the file's bytes"),
        (WHOLE + b"\0", "digest: it is not that of the file's bytes"),
        (WHOLE[len(WHOLE) // 2 :] + WHOLE[: len(WHOLE) // 2], "header: this is"),
        (bytes(len(WHOLE)), "header: this is not a safetensors file"),
    ],
)
def test_what_is_not_a_file_of_ours_is_named(data: bytes, words: str) -> None:
    """Files of other kinds, and what accidents leave, are each told in a sentence."""
    with pytest.raises(CorruptFileError) as caught:
        opened(data)

    assert words in str(caught.value)
    assert str(caught.value).endswith("; use an undamaged copy, or train and save again")


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused(data: bytes) -> None:
    """Nothing but our own error comes of bytes drawn at random, bare or in a safetensors frame."""
    framed = len(data).to_bytes(8, "little") + data
    for attempt in (data, framed, len(data + b"{").to_bytes(8, "little") + b"{" + data):
        with pytest.raises(CorruptFileError):
            opened(attempt)


TEXTS = {
    "nested": ("[" * 100_000, "nested too deeply"),
    "nested objects": ('{"a":' * 20_000, "nested too deeply"),
    "brackets": ("[" + "[]," * 1_000_001, "the values of a header may take 8388608 bytes"),
    "twice": ('{"a":1,"a":1}', "the field 'a' stands there twice"),
    "infinite": ('{"a":Infinity}', "numbers must be finite, got Infinity"),
    "not a number": ('{"a":NaN}', "numbers must be finite, got NaN"),
    "beyond": ('{"a":1e999}', "numbers must be finite, got '1e999'"),
    "long number": ('{"a":' + "9" * 10_000 + "}", "Exceeds the limit"),
    "a list": ("[]", "must hold an object"),
    "nothing": ("", "Expecting value"),
    "two": ("{}{}", "Extra data"),
}


@pytest.mark.parametrize(("text", "words"), TEXTS.values(), ids=TEXTS)
def test_json_that_is_not_ours_is_refused(text: str, words: str) -> None:
    """The record's text is one object, finite, without repetition, of bounded nesting."""
    outer, _, tensors = parts(WHOLE)

    with pytest.raises(CorruptFileError) as caught:
        opened(from_text(outer, text, tensors))

    assert "record: " in str(caught.value)
    assert words in str(caught.value)


def put(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return a change of one field."""

    def change(fields: dict[str, Any]) -> None:
        fields[name] = value

    return change


FIELDS = {
    "format 0": (put("format_version", 0), "format_version must be a whole number from 1, got 0"),
    "format true": (put("format_version", True), "format_version must be a whole number"),
    "format text": (put("format_version", "1"), "format_version must be a whole number"),
    "no format": (lambda f: f.pop("format_version"), "format_version must be a whole number"),
    "digest list": (put("digest", []), "digest: it must be the first field of the record"),
    "no digest": (lambda f: f.pop("digest"), "digest: it must be the first field of the record"),
    "before digest": (put("a", 1), "digest: it must be the first field of the record"),
    "new field": (put("zzz", 1), "record: there is no field 'zzz'"),
    "no kind": (lambda f: f.pop("kind"), "record: the field kind is missing"),
    "other kind": (put("kind", "checkpoint"), "record: kind must be 'thing', got 'checkpoint'"),
    "record": (put("record", []), "record: record must be of type dict, got []"),
    "features": (put("required_features", {}), "required_features must be of type list"),
    "feature": (put("required_features", [["x"]]), "unhashable"),
    "optional": (put("optional", None), "optional must be of type dict, got None"),
    "library": (put("library_version", 1), "library_version must be of type str, got 1"),
    "numerics": (put("numerics_version", "x"), "numerics_version must be of type int, got 'x'"),
}


@pytest.mark.parametrize(("change", "words"), FIELDS.values(), ids=FIELDS)
def test_a_wrong_field_is_named_even_under_a_right_digest(
    change: Callable[[dict[str, Any]], None], words: str
) -> None:
    """Each field around the record is checked by itself."""
    outer, inner, tensors = parts(WHOLE)
    change(inner)

    with pytest.raises(CorruptFileError) as caught:
        opened(forged(outer, inner, tensors))

    assert words in str(caught.value)


@pytest.mark.parametrize("change", [put("format_version", 2), put("required_features", ["x"])])
def test_a_file_of_the_future_is_told_with_both_versions(
    change: Callable[[dict[str, Any]], None],
) -> None:
    """The error names what the file needs, who wrote it, and what this library is."""
    outer, inner, tensors = parts(WHOLE)
    change(inner)
    inner["library_version"] = "9.8.7"

    with pytest.raises(NewerFileError) as caught:
        opened(forged(outer, inner, tensors))

    for words in ("'9.8.7'", VERSION, "format versions up to 1", "install a later"):
        assert words in str(caught.value)


def test_a_later_format_is_told_before_its_digest_is_judged() -> None:
    """How a later version signs is not for this one to say."""
    damaged = WHOLE.replace(b'\\"format_version\\":1', b'\\"format_version\\":2')

    with pytest.raises(NewerFileError):
        opened(damaged)


def test_what_is_optional_is_passed_over() -> None:
    """A later library may add what this one does not need to know."""
    outer, inner, tensors = parts(WHOLE)
    inner["optional"] = {"later": [1, 2, 3]}

    assert opened(forged(outer, inner, tensors))[1] == RECORD


def test_other_numerics_are_told() -> None:
    """A file written under other numerics is read, with a warning about the last bits."""
    outer, inner, tensors = parts(WHOLE)
    inner["numerics_version"] = 99

    with pytest.warns(EllnetWarning, match="here was written under numerics version 99"):
        opened(forged(outer, inner, tensors))


HEADERS = {
    "other dtype": (lambda h: h["W1"].update(dtype="I32"), "numbers must be F32 or F64, got I32"),
    "no dtype": (lambda h: h["W1"].update(dtype="X9"), "tensors: "),
    "huge": (lambda h: h["W1"].update(shape=[2**40, 2**40]), "tensors: "),
    "rank": (lambda h: h["W1"].update(shape=[1] * 1000 + [2, 3]), "tensor 'W1': "),
    "negative": (lambda h: h["W1"].update(shape=[-2, -3]), "tensors: "),
    "overlap": (lambda h: h["W1"].update(data_offsets=h["b1"]["data_offsets"]), "tensors: "),
    "outside": (lambda h: h["W1"].update(data_offsets=[0, 2**60]), "tensors: "),
    "gap": (lambda h: h.pop("W1"), "tensors: "),
    "list": (lambda h: h.update(W1=[]), "tensors: "),
    "empty huge": (lambda h: h["none"].update(shape=[0, 2**62, 2**62]), "tensor"),
    "metadata": (lambda h: h.update(__metadata__={}), "one metadata key, ellnet"),
    "more metadata": (
        lambda h: h.update(__metadata__={**h["__metadata__"], "more": "x"}),
        "one metadata key, ellnet",
    ),
    "metadata number": (lambda h: h.update(__metadata__={"ellnet": 1}), "must hold text"),
}


@pytest.mark.parametrize(("change", "words"), HEADERS.values(), ids=HEADERS)
def test_a_wrong_header_is_told_even_under_a_right_digest(
    change: Callable[[dict[str, Any]], None], words: str
) -> None:
    """Shapes, offsets and dtypes are held against each other and the file, without allocating."""
    outer, inner, tensors = parts(WHOLE)
    change(outer)
    data = forged(outer, inner, tensors)
    if "metadata" in words or "text" in words:
        header = json.dumps(outer, separators=(",", ":")).encode()
        data = len(header).to_bytes(8, "little") + header + tensors

    tracemalloc.start()
    try:
        with pytest.raises(CorruptFileError) as caught:
            opened(data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert words in str(caught.value)
    assert most < 2**20
