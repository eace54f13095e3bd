import type { CompiledExpression } from '../expr/cel.ts';
import { asList, asMap, type JsonMap } from '../core/json.ts';
import type { ResultVariables } from './result-variables.ts';

const plainTypes: Readonly<Record<string, string>> = {
  custom_id: 'text',
  key: 'jsonb',
  row: 'jsonb',
  text: 'text',
  json: 'jsonb',
  embedding: 'real[]',
  usage: 'jsonb',
  model: 'text',
  finish_reason: 'text',
  request_hash: 'text',
  request_id: 'text',
  batch_id: 'text',
  attempt: 'bigint',
  body: 'jsonb',
  now: 'timestamptz',
};

const inferredTypes: Readonly<Record<string, string>> = {
  int: 'bigint',
  uint: 'numeric',
  double: 'double precision',
  bool: 'boolean',
  string: 'text',
  'google.protobuf.Timestamp': 'timestamptz',
  list: 'jsonb',
  map: 'jsonb',
};

/** The SQL type that a created table gives a column with this expression. */
export function columnType(expression: CompiledExpression, variables: ResultVariables): string {
  const path = expression.barePath ?? expression.guardedPath;
  if (path !== undefined) return pathType(path, variables);
  const type = expression.inferredType.replace(/<.*/, '');
  return inferredTypes[type] ?? 'text';
}

function pathType([root = '', member, ...deeper]: readonly string[], variables: ResultVariables): string {
  if (member === undefined) return plainTypes[root] ?? 'text';
  if (root === 'json') return schemaType(propertyAt(variables.schema, [member, ...deeper]));
  if (root === 'usage') return 'bigint';
  if (root !== 'row' && root !== 'key') return 'jsonb';
  return deeper.length > 0 ? 'jsonb' : (variables.fields.get(member)?.sqlType ?? 'text');
}

/** The schema of a property of an answer; undefined where the schema says nothing of it. */
function propertyAt(schema: JsonMap | undefined, path: readonly string[]): JsonMap | undefined {
  return path.reduce<JsonMap | undefined>(
    (object, name) => asMap(asMap(object?.['properties'])?.[name]),
    schema,
  );
}

const schemaTypes: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'bigint',
  number: 'double precision',
  boolean: 'boolean',
};

function schemaType(property: JsonMap | undefined): string {
  const type = property?.['type'];
  const types = typeof type === 'string' ? [type] : asList(type).filter((name) => name !== 'null');
  const [only] = types;
  return types.length === 1 && typeof only === 'string' ? (schemaTypes[only] ?? 'jsonb') : 'jsonb';
}
