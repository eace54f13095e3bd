import type { Value } from '../core/value.ts';
import type { ColumnType } from './column-type.ts';
import type { CopyBuffer } from './copy-buffer.ts';
import {
  convertCell,
  encodeRows,
  refuse,
  type CopyColumn,
  type CopyRows,
  type EncodedRows,
  type RefusedRow,
} from './copy-column.ts';
import { isFloats, writeFloat4Array, writeFloat8Array, type Floats } from './float-array-bytes.ts';
import { invalid } from './value-check.ts';
import type { ValueFault } from './value-fault.ts';
import { writeHalfVector, writeSparseVector, writeVector } from './vector-bytes.ts';
import { vectorFault } from './vector-fault.ts';

/** Whether COPY in binary spares the server parsing decimals: the type takes a vector of floats. */
export function isFloatVector(type: ColumnType): boolean {
  return vectorWriter(type) !== undefined;
}

type VectorWriter = (floats: Floats, buffer: CopyBuffer) => void;

const vectorWriters: Partial<Record<ColumnType['kind'], VectorWriter>> = {
  vector: writeVector,
  halfvec: writeHalfVector,
  sparsevec: writeSparseVector,
};

const arrayWriters: Partial<Record<ColumnType['kind'], VectorWriter>> = {
  float4: writeFloat4Array,
  float8: writeFloat8Array,
};

function vectorWriter({ kind, element }: ColumnType): VectorWriter | undefined {
  return kind === 'array' ? arrayWriters[element ?? 'other'] : vectorWriters[kind];
}

/** Whether the type has a binary form here. A column of any other type is staged as text and cast by the server. */
export function hasBinaryForm(type: ColumnType): boolean {
  return isFloatVector(type) || scalarWriters[type.kind] !== undefined;
}

/** Whether every value of a vector column is one flat vector, or null. Anything else is for the text format. */
export function areVectors(values: readonly Value[]): boolean {
  return values.every((value) => value === null || isFloats(value));
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

/**
 * Writes rows in COPY's binary format. Fields whose type has no binary form go as text, so their staging column must
 * be of type text.
 */
export function encodeBinary(rows: CopyRows, buffer: CopyBuffer): EncodedRows {
  buffer.bytes.set(signature, buffer.reserve(signature.length));
  const writers = rows.columns.map(fieldWriter);
  const account = encodeRows(rows, (row) => writeRow(row, rows, writers, buffer));
  buffer.bytes.writeInt16BE(-1, buffer.reserve(2));
  return account;
}

function writeRow(
  row: number,
  rows: CopyRows,
  writers: readonly FieldWriter[],
  buffer: CopyBuffer,
): RefusedRow | null {
  const start = buffer.length;
  buffer.bytes.writeInt16BE(writers.length, buffer.reserve(2));
  for (const [index, write] of writers.entries()) {
    const fault = write(rows.values[index]?.[row] ?? null, buffer);
    if (fault === null) continue;
    buffer.truncate(start);
    return refuse(row, rows.columns[index] as CopyColumn, fault);
  }
  return null;
}

type FieldWriter = (value: Value, buffer: CopyBuffer) => ValueFault | null;

function fieldWriter(column: CopyColumn): FieldWriter {
  const writeScalar = scalarWriters[column.type.kind] ?? writeText;
  const writeFloats = vectorWriter(column.type);
  return (value, buffer) => {
    if (writeFloats !== undefined && value !== null && isFloats(value)) {
      const fault = vectorFault(value, column.type);
      if (fault === null) writeFloats(value, buffer);
      return fault;
    }
    const text = convertCell(column, value);
    if (text !== null && typeof text !== 'string') return text;
    if (text !== null) return writeScalar(text, buffer);
    buffer.bytes.writeInt32BE(-1, buffer.reserve(4));
    return null;
  };
}

type ScalarWriter = (text: string, buffer: CopyBuffer) => ValueFault | null;

const scalarWriters: Partial<Record<ColumnType['kind'], ScalarWriter>> = {
  text: writeText,
  json: writeText,
  jsonb: writeJsonb,
  uuid: writeUuid,
  int2: integerWriter(2),
  int4: integerWriter(4),
  int8: integerWriter(8),
};

function writeText(text: string, buffer: CopyBuffer): null {
  const start = buffer.reserve(4);
  const size = buffer.writeText(text);
  buffer.bytes.writeInt32BE(size, start);
  return null;
}

/** jsonb is its text behind a version number. */
function writeJsonb(text: string, buffer: CopyBuffer): null {
  const start = buffer.reserve(5);
  const size = buffer.writeText(text);
  buffer.bytes.writeInt32BE(size + 1, start);
  buffer.bytes[start + 4] = 1;
  return null;
}

function writeUuid(text: string, buffer: CopyBuffer): null {
  const start = buffer.reserve(20);
  buffer.bytes.writeInt32BE(16, start);
  buffer.bytes.write(text.replaceAll(/[{}-]/g, ''), start + 4, 'hex');
  return null;
}

function integerWriter(size: 2 | 4 | 8): ScalarWriter {
  return (text, buffer) => {
    if (!/^\s*[+-]?\d+\s*$/.test(text)) return invalid(text);
    const number = BigInt(text.replace('+', ''));
    const start = buffer.reserve(4 + size);
    buffer.bytes.writeInt32BE(size, start);
    if (size === 8) buffer.bytes.writeBigInt64BE(number, start + 4);
    else buffer.bytes.writeIntBE(Number(number), start + 4, size);
    return null;
  };
}
