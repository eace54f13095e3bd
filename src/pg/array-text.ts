import type { Value } from '../core/value.ts';
import type { TypeKind } from './column-type.ts';
import type { TextConverter, ValueFault } from './value-fault.ts';

/** Kinds whose text needs no quotes inside an array. */
const bareKinds: ReadonlySet<TypeKind> = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'float4',
  'float8',
  'boolean',
]);

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/**
 * A list as Postgres's array literal. Lists within it are further dimensions, but in an array of JSON they are its
 * elements.
 *
 * @param convert turns one element into text
 * @param delimiter what stands between elements
 */
export function arrayText(
  list: readonly Value[],
  element: TypeKind,
  convert: TextConverter,
  delimiter = ',',
): string | ValueFault {
  const holdsJson = element === 'json' || element === 'jsonb';
  const parts: string[] = [];
  for (const value of list) {
    const part = partOf(value);
    if (typeof part !== 'string') return part;
    parts.push(part);
  }
  return `{${parts.join(delimiter)}}`;

  function partOf(value: Value): string | ValueFault {
    if (value === null) return 'NULL';
    if (!holdsJson && isList(value)) return arrayText(value, element, convert, delimiter);
    const text = convert(value);
    return typeof text !== 'string' || bareKinds.has(element) ? text : quoteElement(text);
  }
}

function quoteElement(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
