"""Files with something wrong inside and a right digest around it, for tests."""

import hashlib
import json
from typing import Any

__all__ = ["forged", "from_text", "parts"]


def parts(data: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Take a file apart: the safetensors header, the text that it holds, and the tensors' bytes."""
    size = int.from_bytes(data[:8], "little")
    outer = json.loads(data[8 : 8 + size])
    return outer, json.loads(outer["__metadata__"]["ellnet"]), data[8 + size :]


def forged(outer: dict[str, Any], inner: object, tensors: bytes) -> bytes:
    """Put a file together again, and sign it."""
    return from_text(outer, json.dumps(inner, sort_keys=True, separators=(",", ":")), tensors)


def from_text(outer: dict[str, Any], text: str, tensors: bytes) -> bytes:
    """Put a file together around any text, and sign it where it has a digest."""
    outer = {**outer, "__metadata__": {"ellnet": text}}
    header = json.dumps(outer, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    whole = len(header).to_bytes(8, "little") + header + tensors
    opening = b'{\\"digest\\":\\"'
    if opening not in whole:
        return whole
    start = whole.index(opening) + len(opening)
    zeroed = whole[:start] + b"0" * 64 + whole[start + 64 :]
    return whole[:start] + hashlib.sha256(zeroed).hexdigest().encode() + whole[start + 64 :]
