import { isMap, type JsonMap } from '../../core/json.ts';

/** Follows `$ref` within the root schema; keywords beside it are kept. Loops of references end as an empty schema. */
export function resolveReference(schema: JsonMap, root: JsonMap): JsonMap {
  let resolved = schema;
  for (let step = 0; typeof resolved['$ref'] === 'string'; step += 1) {
    const { $ref: reference, ...beside } = resolved;
    const target = step < 20 ? followPointer(reference, root) : {};
    resolved = isMap(target) ? { ...target, ...beside } : beside;
  }
  return resolved;
}

function followPointer(reference: string, root: JsonMap): unknown {
  if (!reference.startsWith('#')) return {};
  let at: unknown = root;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = at[Number(name)];
    else if (isMap(at)) at = at[name];
    else return {};
  }
  return at;
}

/** One schema that asks for what a schema and all entries of its `allOf` ask for, as far as keywords can be joined. */
export function mergeSchemas(schema: JsonMap, root: JsonMap): JsonMap {
  const { allOf, ...rest } = schema;
  const parts = Array.isArray(allOf) ? allOf.filter(isMap) : [];
  return parts.map((part) => resolveReference(part, root)).reduce(mergeTwo, rest);
}

function mergeTwo(one: JsonMap, other: JsonMap): JsonMap {
  const merged: Record<string, unknown> = { ...one, ...other };
  if (isMap(one['properties']) && isMap(other['properties'])) {
    merged['properties'] = { ...one['properties'], ...other['properties'] };
  }
  for (const name of ['required', 'allOf']) {
    if (Array.isArray(one[name]) && Array.isArray(other[name])) merged[name] = [...one[name], ...other[name]];
  }
  for (const name of ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'])
    join(merged, one, other, name, Math.max);
  for (const name of ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'])
    join(merged, one, other, name, Math.min);
  return merged;
}

function join(
  merged: Record<string, unknown>,
  one: JsonMap,
  other: JsonMap,
  name: string,
  stricter: (...values: number[]) => number,
): void {
  const [left, right] = [one[name], other[name]];
  if (typeof left === 'number' && typeof right === 'number') merged[name] = stricter(left, right);
}

/** The types that a schema allows; where it names none, the one that its keywords speak of. */
export function schemaTypes(schema: JsonMap): readonly string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((entry) => typeof entry === 'string');
  if (hasAny(schema, 'properties', 'required', 'additionalProperties', 'minProperties')) return ['object'];
  if (hasAny(schema, 'items', 'prefixItems', 'minItems', 'maxItems', 'uniqueItems')) return ['array'];
  if (hasAny(schema, 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'))
    return ['number'];
  return ['string'];
}

function hasAny(schema: JsonMap, ...names: readonly string[]): boolean {
  return names.some((name) => name in schema);
}

const highest = 60;

/** How many levels the flattest value of a schema has; `highest` where every way leads back into the schema. */
export function schemaHeight(declared: unknown, root: JsonMap, depth = 0): number {
  if (!isMap(declared)) return 0;
  if (depth > 12) return highest;
  const schema = mergeSchemas(resolveReference(declared, root), root);
  if ('const' in schema || Array.isArray(schema['enum'])) return 0;
  const below = (child: unknown): number => schemaHeight(child, root, depth + 1);
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(branches)) return Math.min(...branches.map(below));
  const types = schemaTypes(schema);
  if (types.some((type) => type !== 'object' && type !== 'array')) return 0;
  if (types.includes('array')) return Number(schema['minItems'] ?? 0) > 0 ? 1 + below(schema['items']) : 0;
  const properties = isMap(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return 1 + Math.max(0, ...required.map((name) => below(properties[String(name)])));
}
