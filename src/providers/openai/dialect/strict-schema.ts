import { isMap, type JsonMap } from '../../../core/json.ts';

/** The way from the top of a schema to one of its parts. */
export type SchemaPath = readonly (string | number)[];

/**
 * Why `strict: true` refuses a schema. `path` leads to the schema at fault; `name` is the keyword, property, type,
 * format or reference that is meant, or the number that is too high.
 *
 * - `root_type`, `root_any_of`: the top is no object, or a choice
 * - `keyword`: one that is not permitted
 * - `open_object`: `additionalProperties` is not false
 * - `optional_property`: it is not in `required`
 */
export interface StrictFault {
  readonly kind:
    | 'root_type'
    | 'root_any_of'
    | 'keyword'
    | 'no_type'
    | 'no_items'
    | 'type'
    | 'format'
    | 'reference'
    | 'open_object'
    | 'optional_property'
    | 'too_deep'
    | 'too_many_properties'
    | 'too_many_enum_values'
    | 'too_much_text';
  readonly path: SchemaPath;
  readonly name: string;
}

type Schema = JsonMap;

/**
 * Keywords that structured outputs refuse wherever they stand, each with what to write instead:
 * https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
 */
export const refusedKeywords: ReadonlyMap<string, string> = new Map([
  ['allOf', 'write what its parts ask for into one schema'],
  ['oneOf', 'use `anyOf`'],
  ['not', 'say what is wanted in a description'],
  ['if', 'use `anyOf` with a schema for each case'],
  ['then', 'use `anyOf` with a schema for each case'],
  ['else', 'use `anyOf` with a schema for each case'],
  ['dependentRequired', 'require every property, and let it be null'],
  ['dependentSchemas', 'use `anyOf` with a schema for each case'],
  ['patternProperties', 'use an array of objects with a name and a value'],
  ['propertyNames', 'use an array of objects with a name and a value'],
  ['unevaluatedProperties', '`additionalProperties: false` says it'],
  ['unevaluatedItems', '`items` says what each item is'],
  ['default', 'say it in the description'],
  ['uniqueItems', 'say it in the description'],
]);

const types = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'];

/** The formats that a string may have. */
export const strictFormats = [
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
];

/** How much a schema may hold. */
export const strictLimits = { levels: 10, properties: 5000, enumValues: 1000, characters: 120_000 } as const;

/** Everything that strict mode refuses in a schema, in the order of the schema. */
export function* strictFaults(schema: Schema): Generator<StrictFault, void, undefined> {
  if (schema['type'] !== 'object') yield { kind: 'root_type', path: [], name: String(schema['type']) };
  if ('anyOf' in schema) yield { kind: 'root_any_of', path: [], name: 'anyOf' };
  const sums = { properties: 0, enumValues: 0, characters: 0 };
  yield* faultsIn(schema, [], 0, sums);
  if (sums.properties > strictLimits.properties)
    yield { kind: 'too_many_properties', path: [], name: String(sums.properties) };
  if (sums.enumValues > strictLimits.enumValues)
    yield { kind: 'too_many_enum_values', path: [], name: String(sums.enumValues) };
  if (sums.characters > strictLimits.characters)
    yield { kind: 'too_much_text', path: [], name: String(sums.characters) };
}

interface Sums {
  properties: number;
  enumValues: number;
  characters: number;
}

function* faultsIn(schema: unknown, path: SchemaPath, level: number, sums: Sums): Generator<StrictFault> {
  if (!isMap(schema)) return;
  for (const name of refusedKeywords.keys()) if (name in schema) yield { kind: 'keyword', path, name };
  yield* wordFaults(schema, path);
  const below = isObjectSchema(schema) ? level + 1 : level;
  if (below > level && below > strictLimits.levels) {
    yield { kind: 'too_deep', path, name: String(below) };
    return;
  }
  if (below > level) yield* objectFaults(schema, path);
  count(schema, sums);
  for (const [step, child] of children(schema)) yield* faultsIn(child, [...path, ...step], below, sums);
}

/** Faults of words that stand in the schema itself. */
function* wordFaults(schema: Schema, path: SchemaPath): Generator<StrictFault> {
  const { type, format, $ref: reference } = schema;
  // What is wrong with the top's type has been said.
  const isPart = path.length > 0;
  if (isPart && !saysType.some((name) => name in schema)) yield { kind: 'no_type', path, name: 'type' };
  if (isPart && hasType(schema, 'array') && !isMap(schema['items']))
    yield { kind: 'no_items', path, name: 'items' };
  for (const name of Array.isArray(type) ? type : [type]) {
    if (name !== undefined && !types.includes(name as string))
      yield { kind: 'type', path, name: String(name) };
  }
  if (typeof format === 'string' && !strictFormats.includes(format))
    yield { kind: 'format', path, name: format };
  if (typeof reference === 'string' && !reference.startsWith('#'))
    yield { kind: 'reference', path, name: reference };
}

function* objectFaults(schema: Schema, path: SchemaPath): Generator<StrictFault> {
  if (schema['additionalProperties'] !== false)
    yield { kind: 'open_object', path, name: 'additionalProperties' };
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  for (const name of propertyNames(schema))
    if (!required.includes(name)) yield { kind: 'optional_property', path, name };
}

/** Keywords of which each schema has one. */
const saysType = ['type', 'anyOf', '$ref', 'enum', 'const', 'properties', ...refusedKeywords.keys()];

function hasType({ type }: Schema, name: string): boolean {
  return type === name || (Array.isArray(type) && type.includes(name));
}

function isObjectSchema(schema: Schema): boolean {
  return hasType(schema, 'object') || schema['properties'] !== undefined;
}

function propertyNames({ properties }: Schema): readonly string[] {
  return isMap(properties) ? Object.keys(properties) : [];
}

function count(schema: Schema, sums: Sums): void {
  const names = propertyNames(schema);
  const values: readonly unknown[] = Array.isArray(schema['enum']) ? schema['enum'] : [];
  const definitions = isMap(schema['$defs']) ? Object.keys(schema['$defs']) : [];
  const texts = [...names, ...definitions, ...values, schema['const']].filter(
    (value) => typeof value === 'string',
  );
  sums.properties += names.length;
  sums.enumValues += values.length;
  sums.characters += texts.reduce((sum, text) => sum + text.length, 0);
}

/** The schemas that stand right below one, with the way to each. */
function* children(schema: Schema): Generator<[SchemaPath, unknown]> {
  for (const keyword of ['properties', '$defs', 'definitions']) {
    const map = schema[keyword];
    if (isMap(map)) for (const [name, child] of Object.entries(map)) yield [[keyword, name], child];
  }
  const branches: readonly unknown[] = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  for (const [index, branch] of branches.entries()) yield [['anyOf', index], branch];
  yield [['items'], schema['items']];
}
