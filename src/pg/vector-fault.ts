import type { ColumnType } from './column-type.ts';
import type { Floats } from './float-array-bytes.ts';
import { fitsFloat, outOfRange } from './value-check.ts';
import { ValueFault } from './value-fault.ts';
import { countNonZero } from './vector-bytes.ts';

/** As pgvector has them: VECTOR_MAX_DIM and HALFVEC_MAX_DIM, and of a sparsevec the elements that are not zero. */
const mostElements = 16_000;

/** Why a column cannot hold a flat vector of floats; null where nothing speaks against it. */
export function vectorFault(floats: Floats, type: ColumnType): ValueFault | null {
  if (type.kind === 'array') return arrayFault(floats, type);
  return sizeFault(floats, type) ?? elementFault(floats, type);
}

function arrayFault(floats: Floats, { element }: ColumnType): ValueFault | null {
  if (element !== 'float4' || floats instanceof Float32Array) return null;
  const misfit = floats.find((float) => !fitsFloat(float, 'float4'));
  return misfit === undefined ? null : outOfRange(String(misfit));
}

function sizeFault(floats: Floats, { kind, limit }: ColumnType): ValueFault | null {
  const { length } = floats;
  if (limit !== null && length !== limit)
    return new ValueFault('invalid_value', `takes ${limit} dimensions and the vector has ${length}`);
  if (length === 0) return new ValueFault('invalid_value', 'cannot hold a vector without dimensions');
  const elements = kind === 'sparsevec' ? countNonZero(floats) : length;
  if (elements <= mostElements) return null;
  const what = kind === 'sparsevec' ? 'non-zero elements' : 'dimensions';
  return new ValueFault(
    'value_out_of_range',
    `takes at most ${mostElements} ${what} and the vector has ${elements}`,
  );
}

function elementFault(floats: Floats, { kind }: ColumnType): ValueFault | null {
  const round = kind === 'halfvec' ? toHalf : Math.fround;
  for (let index = 0; index < floats.length; index += 1) {
    const float = floats[index] as number;
    if (Number.isFinite(round(float))) continue;
    if (Number.isFinite(float)) return outOfRange(String(float));
    return new ValueFault('invalid_value', `takes finite numbers, and element ${index + 1} is ${float}`);
  }
  return null;
}

/** By way of single precision, which is what the server reads. */
function toHalf(float: number): number {
  return Math.f16round(Math.fround(float));
}
