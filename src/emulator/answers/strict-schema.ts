import { isObject, type JsonObject } from '../json.ts';

/** Keywords that structured outputs refuse wherever they stand. */
const refused = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
];
const schemaMaps = ['properties', '$defs', 'definitions'];

/** Why `strict: true` refuses a schema, in the API's words; null where it does not. */
export function findStrictFault(schema: JsonObject): string | null {
  if (schema['type'] !== 'object') {
    const type = JSON.stringify(schema['type'] ?? null).replaceAll('"', "'");
    return `schema must be a JSON Schema of 'type: "object"', got 'type: ${type}'.`;
  }
  return faultIn(schema, []);
}

function faultIn(schema: unknown, path: readonly string[]): string | null {
  if (!isObject(schema)) return null;
  const keyword = refused.find((name) => name in schema);
  if (keyword !== undefined) return `${context(path)}'${keyword}' is not permitted.`;
  return objectFault(schema, path) ?? faultBelow(schema, path);
}

function objectFault(schema: JsonObject, path: readonly string[]): string | null {
  const { type, properties } = schema;
  const isObjectType = type === 'object' || (Array.isArray(type) && type.includes('object'));
  if (!isObjectType && properties === undefined) return null;
  if (schema['additionalProperties'] !== false) {
    return `${context(path)}'additionalProperties' is required to be supplied and to be false.`;
  }
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const missing = Object.keys(isObject(properties) ? properties : {}).find(
    (name) => !required.includes(name),
  );
  if (missing === undefined) return null;
  return `${context(path)}'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
}

function faultBelow(schema: JsonObject, path: readonly string[]): string | null {
  for (const keyword of schemaMaps) {
    const map = schema[keyword];
    if (!isObject(map)) continue;
    for (const [name, child] of Object.entries(map)) {
      const fault = faultIn(child, [...path, keyword, name]);
      if (fault !== null) return fault;
    }
  }
  const branches = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  for (const [index, branch] of branches.entries()) {
    const fault = faultIn(branch, [...path, 'anyOf', String(index)]);
    if (fault !== null) return fault;
  }
  return faultIn(schema['items'], [...path, 'items']);
}

function context(path: readonly string[]): string {
  return `In context=(${path.map((part) => `'${part}'`).join(', ')}), `;
}
