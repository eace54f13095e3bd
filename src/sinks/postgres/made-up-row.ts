import type { ResultBatch } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { isPgvector, type ColumnType, type TypeKind } from '../../pg/column-type.ts';
import type { LoadPlan } from './load-plan.ts';

/** One row that fits the plan's types, for the rehearsal. Types without a value here get null. */
export function madeUpRow(plan: LoadPlan): ResultBatch {
  const keys = plan.columns.slice(0, plan.keyCount);
  const values = plan.columns.slice(plan.keyCount, plan.writesHash ? -1 : undefined);
  return {
    length: 1,
    customIds: ['rehearsal'],
    keys: keys.map(({ type }) => [keyText(type) ?? '']),
    columns: values.map(({ type }) => [madeUpValue(type)]),
    requestHashes: [null],
  };
}

const texts: Partial<Record<TypeKind, string>> = {
  int2: '0',
  int4: '0',
  int8: '0',
  numeric: '0',
  float4: '0',
  float8: '0',
  boolean: 'false',
  text: 'x',
  json: '{}',
  jsonb: '{}',
  uuid: '00000000-0000-0000-0000-000000000000',
  bytea: String.raw`\x00`,
  timestamp: '2000-01-01T00:00:00Z',
  date: '2000-01-01',
  array: '{}',
};

/** Types that go by their text, by the name that a cast would use. */
const otherTexts: Readonly<Record<string, string>> = {
  inet: '127.0.0.1',
  cidr: '127.0.0.0/8',
  interval: '0',
  'time without time zone': '00:00',
  'time with time zone': '00:00+00',
  money: '0',
  xml: '<x/>',
};

function keyText(type: ColumnType): string | null {
  const [label] = type.labels ?? [];
  return label ?? texts[type.kind] ?? otherTexts[type.castName] ?? null;
}

function madeUpValue(type: ColumnType): Value {
  const isVector = isPgvector(type.kind);
  if (isVector || type.element === 'float4' || type.element === 'float8')
    return new Float32Array(isVector ? (type.limit ?? 1) : 1);
  if (type.kind === 'array') return [];
  if (type.kind === 'bytea') return '';
  return type.kind === 'json' || type.kind === 'jsonb' ? {} : keyText(type);
}
