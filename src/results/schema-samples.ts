import { asCount, asList, asMap, asText, type JsonMap } from '../core/json.ts';
import type { ColumnSamples } from '../core/sink.ts';
import type { Value } from '../core/value.ts';

/** More of an enum's values than this are not tried. */
const mostValues = 200;
/** References may go round in a circle. */
const mostLevels = 16;

/**
 * Values that a schema lets through: every one where it lists them, else an ordinary one of each kind that it allows.
 * Undefined where it leaves open what comes, or asks for a form that cannot be made up, as `pattern` does.
 */
export function schemaSamples(root: JsonMap, schema: unknown, level = 0): ColumnSamples | undefined {
  const written = asMap(schema);
  if (written === undefined || level > mostLevels) return undefined;
  const { $ref: reference } = written;
  if (typeof reference === 'string') return schemaSamples(root, pointedAt(root, reference), level + 1);
  const listed = listedValues(written);
  if (listed !== undefined)
    return {
      values: withoutNull(listed).slice(0, mostValues),
      isEvery: true,
      mayBeNull: listed.includes(null),
    };
  const branches = asList(written['anyOf'] ?? written['oneOf']);
  if (branches.length > 0) return together(branches.map((branch) => schemaSamples(root, branch, level + 1)));
  if (written['allOf'] !== undefined || written['not'] !== undefined) return undefined;
  const type = written['type'];
  const types = typeof type === 'string' ? [type] : asList(type);
  if (types.length === 0) return undefined;
  return together(types.map((each) => kindSamples(root, String(each), written, level)));
}

function pointedAt(root: JsonMap, reference: string): unknown {
  if (reference === '#') return root;
  if (!reference.startsWith('#/')) return undefined;
  const names = reference.slice(2).split('/');
  return names.reduce<unknown>(
    (at, name) => asMap(at)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    root,
  );
}

function listedValues({ const: only, enum: several }: JsonMap): readonly Value[] | undefined {
  if (only !== undefined) return [only as Value];
  return Array.isArray(several) ? (several as readonly Value[]) : undefined;
}

function withoutNull(values: readonly Value[]): readonly Value[] {
  return values.filter((value) => value !== null);
}

/** Nothing is known of a whole of which nothing is known of a part. */
function together(parts: readonly (ColumnSamples | undefined)[]): ColumnSamples | undefined {
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return undefined;
  return {
    values: known.flatMap(({ values }) => values),
    isEvery: known.every(({ isEvery }) => isEvery),
    mayBeNull: known.some(({ mayBeNull }) => mayBeNull),
  };
}

function kindSamples(root: JsonMap, type: string, schema: JsonMap, level: number): ColumnSamples | undefined {
  if (type === 'null') return { values: [], isEvery: true, mayBeNull: true };
  if (type === 'boolean') return { values: [true, false], isEvery: true, mayBeNull: false };
  if (type === 'object') return { values: [{}], isEvery: false, mayBeNull: false };
  if (type === 'array') return listSamples(root, schema, level);
  const values = type === 'string' ? textSamples(schema) : numberSamples(type, schema);
  return values === undefined ? undefined : { values, isEvery: false, mayBeNull: false };
}

function listSamples(root: JsonMap, schema: JsonMap, level: number): ColumnSamples | undefined {
  if (schema['items'] === undefined) return undefined;
  const items = schemaSamples(root, schema['items'], level + 1);
  if (items === undefined) return undefined;
  return { values: items.values.map((value) => [value]), isEvery: false, mayBeNull: false };
}

const ordinaryText = 'An answer in words';

const formats: Readonly<Record<string, string>> = {
  'date-time': '2026-11-22T10:00:00Z',
  date: '2026-11-22',
  time: '10:00:00Z',
  duration: 'P1D',
  email: 'ann@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '5f0c1a3e-7d52-4c58-9b0a-0d6a7c1e2f34',
};

function textSamples(schema: JsonMap): readonly string[] | undefined {
  if (schema['pattern'] !== undefined || schema['contentEncoding'] !== undefined) return undefined;
  const format = asText(schema['format']);
  if (format !== null) return formats[format] === undefined ? undefined : [formats[format]];
  const least = asCount(schema['minLength']) ?? 0;
  const most = asCount(schema['maxLength']) ?? Infinity;
  return [ordinaryText.padEnd(Math.min(least, 100_000), '.').slice(0, most)];
}

/** The ends of the range where it has any, else a number of the kind. */
function numberSamples(type: string, schema: JsonMap): readonly number[] | undefined {
  if (type !== 'integer' && type !== 'number') return undefined;
  const isWhole = type === 'integer' || Number.isInteger(schema['multipleOf']);
  const ends = [asCount(schema['minimum']), asCount(schema['maximum'])].filter((end) => end !== null);
  if (!isWhole) return [ends[0] === undefined ? 0.5 : ends[0] + fractionWithin(schema)];
  const whole = ends.filter(Number.isInteger);
  return whole.length > 0 ? whole : [7];
}

function fractionWithin(schema: JsonMap): number {
  const [low, high] = [asCount(schema['minimum']), asCount(schema['maximum'])];
  if (low === null) return -0.5;
  return high === null ? 0.5 : (high - low) / 2 === 0 ? 0 : Math.min(0.5, (high - low) / 2);
}
