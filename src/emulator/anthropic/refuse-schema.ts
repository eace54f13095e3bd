import { asList, isMap, type JsonMap } from '../../core/json.ts';
import { invalid } from './errors.ts';

/** What structured outputs do not take, wherever it stands. */
const refused = [
  'oneOf',
  'not',
  'if',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'patternProperties',
  'propertyNames',
];

/** @throws ApiError 400 of a schema that structured outputs do not take */
export function refuseSchema(schema: unknown, path: string): void {
  if (!isMap(schema)) return;
  const keyword = refused.find((name) => name in schema);
  if (keyword !== undefined)
    throw invalid(path, `For ${typeOf(schema)} type, property '${keyword}' is not supported`);
  const { minItems, properties } = schema;
  if (minItems !== undefined && minItems !== 0 && minItems !== 1)
    throw invalid(path, "For 'array' type, 'minItems' values other than 0 or 1 are not supported");
  if ((schema['type'] === 'object' || isMap(properties)) && schema['additionalProperties'] !== false)
    throw invalid(path, "For 'object' type, 'additionalProperties' must be explicitly set to false");
  for (const child of children(schema)) refuseSchema(child, path);
}

function typeOf({ type }: JsonMap): string {
  return typeof type === 'string' ? `'${type}'` : 'any';
}

function children(schema: JsonMap): readonly unknown[] {
  const named = ['properties', '$defs', 'definitions'].flatMap((name) => {
    const schemas = schema[name];
    return isMap(schemas) ? Object.values(schemas) : [];
  });
  return [...named, schema['items'], ...asList(schema['anyOf']), ...asList(schema['allOf'])];
}
