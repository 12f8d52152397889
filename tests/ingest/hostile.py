"""Hostile rows and files, from a seed: what shops send on their worst day."""

import gzip
import io
import json
import random
import string

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

AT = "2026-03-01 10:00:00"
HEADER = b"id,t,item,n,q"
NASTY = (
    *("", " ", "0", "-0", "1e999", "NaN", "Infinity", "-inf", "9" * 400, "0x10", "1_000", "null", "true", "[]", "{}"),
    *("2026-02-30", "2026-03-01T25:00", "0000-00-00", "9999-12-31 23:59:59", "292278994-08-17", "infinity", "epoch"),
    *("\u202egnp.exe", "\u200f\u200e", "\u2028", "\x0b\x0c\x1c\x85", "\ufeff", "\U0010ffff", "e\u0301" * 50, "😀" * 9),
    *(
        "'; drop table events; --",
        "$other",
        "${x}",
        "%s%n",
        "=1+1",
        "../../etc/passwd",
        "<script>",
        "\\",
        "\\N",
        "\x1b[0m",
    ),
)
TYPES = (
    *(pa.int8(), pa.uint64(), pa.float16(), pa.float64(), pa.bool_(), pa.date32(), pa.timestamp("ns"), pa.time64("us")),
    *(pa.timestamp("us", "Asia/Tokyo"), pa.timestamp("ms"), pa.duration("ms"), pa.binary(), pa.binary(3), pa.null()),
    *(pa.string_view(), pa.large_string(), pa.decimal128(38, 10), pa.decimal256(76, 3), pa.list_(pa.int32())),
    *(pa.list_(pa.float32(), 2), pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))])),
    *(pa.map_(pa.string(), pa.timestamp("us")), pa.dictionary(pa.int32(), pa.string()), pa.large_list(pa.bool_())),
)


def good_row(name: str) -> dict[str, str]:
    return {"id": name, "t": AT, "item": "i", "n": "1", "q": "x"}


def csv_line(row: dict[str, str]) -> bytes:
    return ",".join(row.values()).encode()


def json_line(row: dict[str, str]) -> bytes:
    return json.dumps(row).encode()


def hostile_text(chance: random.Random) -> str:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.choice(NASTY)
    if kind == 1:
        return "".join(chr(chance.choice((chance.randrange(1, 128), chance.randrange(0x80, 0xD7FF)))) for _ in range(9))
    if kind == 2:
        return "x" * chance.choice((200, 201, 5_000, 200_000 if chance.random() < 0.01 else 9))
    return "".join(chance.choices(string.printable, k=chance.randrange(20)))


def csv_row(chance: random.Random, is_bad_bytes: bool) -> bytes:
    """A record or, with a carriage return in it, several. A quote that opens also closes, behind its value."""
    fields = []
    for field in (csv_line(good_row("h")).decode().split(","), None)[chance.random() < 0.3] or [""] * chance.randrange(
        9
    ):
        text = hostile_text(chance) if chance.random() < 0.5 else field
        if chance.random() < 0.2:
            fields.append('"' + text.replace('"', '""') + '"')
        else:
            fields.append(text.replace('"', "'").replace("\n", " "))
    data = ",".join(fields).encode("utf-8", "replace")
    return data + chance.choice((b"\xff\xfe", b"\xed\xa0\x80", b"\0", b"\xc3")) if is_bad_bytes else data


def json_row(chance: random.Random, is_bad_bytes: bool) -> bytes:
    row: object = {name: json_value(chance, 3) if chance.random() < 0.6 else v for name, v in good_row("h").items()}
    if chance.random() < 0.2:
        row = json_value(chance, 4)
    data = json.dumps(row, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
    kind = chance.randrange(9)
    if kind == 0:
        data = data[: chance.randrange(len(data) + 1)]
    elif kind == 1:
        data = b'{"id":' + b"[" * chance.randrange(3_000) + b"1" + b"]" * chance.randrange(3_000) + b"}"
    elif kind == 2:
        data = (
            b'{"id":"h","id":1,"n":'
            + chance.choice((b"NaN", b"-Infinity", b"1e999", b"9" * 500, b"01"))
            + b',"q":"\\ud800"}'
        )
    elif kind == 3:
        data = chance.choice((b"\t", b" ", b"\r", b"\x0b")) + data + chance.choice((b"", b"//x", b",", b"\r"))
    data = data.replace(b"\n", b" ")
    return data + chance.choice((b"\xff", b"\xed\xa0\x80", b"\0\xfe")) if is_bad_bytes else data


def json_value(chance: random.Random, depth: int) -> object:
    kind = chance.randrange(8 if depth else 5)
    if kind < 2:
        return hostile_text(chance)
    if kind < 5:
        return chance.choice((None, True, 0, -1, 1.5, 10**40, 1e300, float("nan"), 2**63, ""))
    if kind == 5:
        return [json_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {hostile_text(chance)[:50]: json_value(chance, depth - 1) for _ in range(chance.randrange(4))}


def among(chance: random.Random, kind: str, good: list[str], hostile: int) -> bytes:
    """A file of hostile rows with good ones among them; few enough of bad bytes that the file counts as UTF-8."""
    make, line = (csv_row, csv_line) if kind == "csv" else (json_row, json_line)
    bad_bytes = (hostile + len(good)) // 10
    rows = [make(chance, n < bad_bytes) for n in range(hostile)] + [line(good_row(name)) for name in good]
    chance.shuffle(rows)
    end = chance.choice((b"\n", b"\r\n", b"\n\n"))
    return end.join([*([HEADER] if kind == "csv" else []), *rows]) + chance.choice((b"", end))


def parquet_file(chance: random.Random, good: list[str], hostile: int) -> bytes:
    """Good rows, then rows of random values; one column of each needed name and some of any name and type."""
    rows = [good_row(name) for name in good]
    rows += [
        {name: hostile_text(chance).encode("utf-8", "replace").decode() for name in rows[0]} for _ in range(hostile)
    ]
    names, columns = list(rows[0]), [pa.array([row[name] for row in rows]) for name in rows[0]]
    for _ in range(chance.randrange(4)):
        names.append(chance.choice(('a "quoted" name', "", "ID", "x.y", "extra", "_line", "\u202e")))
        columns.append(random_column(chance, len(rows)))
    return written(columns, names, chance)


def odd_parquet(chance: random.Random) -> bytes:
    """Needed names with columns of any type, some of them twice or not at all, and few rows or none."""
    count = chance.choice((0, 1, 3))
    names = [name for name in good_row("") if chance.random() < 0.97]
    names += chance.choices([*names, "x"], k=chance.randrange(2)) if chance.random() < 0.3 else []
    return written([random_column(chance, count) for _ in names], names, chance)


def written(columns: list[pa.Array], names: list[str], chance: random.Random) -> bytes:
    file = io.BytesIO()
    packing = chance.choice(("zstd", "snappy", "none", "gzip"))
    pq.write_table(
        pa.Table.from_arrays(columns, names), file, compression=packing, row_group_size=chance.choice((1, 7, 900))
    )
    return file.getvalue()


def random_column(chance: random.Random, count: int) -> pa.Array:
    """Random bits under a random type: out of every calendar, not a number, no UTF-8."""
    kind = chance.choice(TYPES)
    bits = np.frombuffer(chance.randbytes(count * 64 + 64), np.uint8)
    width = kind.bit_width if pa.types.is_primitive(kind) or pa.types.is_decimal(kind) else 0
    if width >= 8 and not pa.types.is_decimal(kind) and not pa.types.is_time(kind):
        return pa.Array.from_buffers(kind, count, [None, pa.py_buffer(bits)])
    if pa.types.is_large_string(kind) or kind == pa.binary():
        large = pa.types.is_large_string(kind)
        ends = pa.py_buffer(np.arange(0, 3 * count + 3, 3, np.int64 if large else np.int32))
        return pa.Array.from_buffers(kind, count, [None, ends, pa.py_buffer(bits)])
    return (
        pa.nulls(count, kind)
        if kind != pa.string_view()
        else pa.array([hostile_text(chance).encode("utf-8", "replace").decode() for _ in range(count)], kind)
    )


def mutated(chance: random.Random, data: bytes) -> bytes:
    """A good file after an accident."""
    lines = data.split(b"\n")
    accident = chance.randrange(11)
    if accident == 0:
        return chance.randbytes(chance.randrange(600))
    if accident == 1:
        return data[: chance.randrange(len(data) + 1)]
    if accident == 2:
        chance.shuffle(lines)
        return b"\n".join(lines)
    if accident == 3:
        return b"\n".join([lines[0], *lines[:9], lines[0], *lines])
    if accident == 4:
        return data.replace(
            b",", chance.choice((b',"', b'"', b'",', b'""', b"\0", b"\r", b",,"))[:3], chance.randrange(1, 9)
        )
    if accident == 5:
        return gzip.compress(data, mtime=0)[: chance.randrange(1, 400)] + chance.randbytes(chance.randrange(9))
    if accident == 6:
        return gzip.compress(chance.choice((b"\0", b"a", b"\n", b'"', b"{")) * 20_000_000, mtime=0)
    if accident == 7:
        return data.decode("latin-1").encode(chance.choice(("utf-16", "utf-32", "cp037", "utf-8-sig")), "replace")
    if accident == 8:
        return b"".join(line + chance.choice((b"\n", b"\r\n", b"\r", b"\n\r", b"\0\n")) for line in lines)
    if accident == 9:
        return data + b'"' + data
    flipped = bytearray(data)
    for _ in range(chance.randrange(1, 9)):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)
