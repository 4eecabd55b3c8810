"""Turns the tap's records into Arrow record batches, block by block."""

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import BinaryIO

import pyarrow
import pyarrow.compute as compute
from pyarrow import json as arrow_json

RECORD = b'{"type":"RECORD"'


class Converter:
    """Makes batches of one schema."""

    def __init__(self, schema: pyarrow.Schema):
        self.schema = schema
        written = pyarrow.struct([(field.name, written_type(field.type)) for field in schema])
        self.options = arrow_json.ParseOptions(
            explicit_schema=pyarrow.schema([("record", written)]), unexpected_field_behavior="ignore"
        )

    def batches(self, output: BinaryIO, size: int) -> Iterator[pyarrow.RecordBatch]:
        """Batches of about so many bytes of records. Lines end at line feeds only: records hold other separators."""
        lines, length = [], 0
        for line in output:
            if not line.startswith(RECORD):
                continue
            lines.append(line)
            length += len(line)
            if length >= size:
                yield self.batch(b"".join(lines))
                lines, length = [], 0
        if lines:
            yield self.batch(b"".join(lines))

    def batch(self, lines: bytes) -> pyarrow.RecordBatch:
        # One block, since a line may be longer than any usual one.
        read = arrow_json.ReadOptions(use_threads=False, block_size=len(lines) + 1)
        table = arrow_json.read_json(pyarrow.BufferReader(lines), read, self.options)
        records = table["record"].combine_chunks()
        columns = [read_as(column, field.type) for column, field in zip(records.flatten(), self.schema)]
        return pyarrow.RecordBatch.from_arrays(columns, schema=self.schema)


def written_type(read: pyarrow.DataType) -> pyarrow.DataType:
    """The type in which a value is written: times, dates and numbers with a point are texts."""
    if pyarrow.types.is_struct(read):
        return pyarrow.struct([(field.name, written_type(field.type)) for field in read])
    if pyarrow.types.is_list(read):
        return pyarrow.list_(written_type(read.value_type))
    if pyarrow.types.is_timestamp(read) or pyarrow.types.is_date(read) or pyarrow.types.is_decimal(read):
        return pyarrow.string()
    return read


def read_as(column: pyarrow.Array, read: pyarrow.DataType) -> pyarrow.Array:
    """A column as it is written, in the type in which it is read."""
    if pyarrow.types.is_struct(read):
        members = [read_as(member, field.type) for member, field in zip(column.flatten(), read)]
        return pyarrow.StructArray.from_arrays(members, fields=list(read), mask=compute.is_null(column))
    if pyarrow.types.is_list(read):
        values = read_as(column.values, read.value_type)
        return pyarrow.ListArray.from_arrays(column.offsets, values, type=read, mask=compute.is_null(column))
    if pyarrow.types.is_timestamp(read):
        # Digits beyond microseconds, which Spark does not have.
        column = compute.replace_substring_regex(column, r"(\.\d{6})\d+", r"\1")
        return column.cast(pyarrow.timestamp("us", "UTC")).cast(read)
    if pyarrow.types.is_decimal(read):
        return read_as_decimal(column, read)
    return column.cast(read)


def read_as_decimal(column: pyarrow.Array, read: pyarrow.DataType) -> pyarrow.Array:
    """Numbers from their digits. More digits after the point than the type has are rounded."""
    try:
        return column.cast(read)
    except pyarrow.ArrowInvalid:
        last, context = Decimal(1).scaleb(-read.scale), Context(prec=200)
        numbers = (None if text is None else Decimal(text).quantize(last, context=context) for text in column.to_pylist())
        return pyarrow.array(numbers, read)
