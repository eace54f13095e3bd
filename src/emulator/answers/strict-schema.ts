import {
  strictFaults,
  strictFormats,
  strictLimits,
  type SchemaPath,
  type StrictFault,
} from '../../providers/openai/dialect/strict-schema.ts';
import type { JsonMap } from '../../core/json.ts';

/** Why `strict: true` refuses a schema, in the API's words; null where it does not. */
export function findStrictFault(schema: JsonMap): string | null {
  const { value: fault } = strictFaults(schema).next();
  return fault === undefined ? null : words(fault, schema);
}

function words({ kind, path, name }: StrictFault, schema: JsonMap): string {
  const where = context(path);
  switch (kind) {
    case 'root_type': {
      const type = JSON.stringify(schema['type'] ?? null).replaceAll('"', "'");
      return `schema must be a JSON Schema of 'type: "object"', got 'type: ${type}'.`;
    }
    case 'root_any_of':
    case 'keyword':
      return `${where}'${name}' is not permitted.`;
    case 'no_type':
      return `${where}schema must have a 'type' key.`;
    case 'no_items':
      return `${where}array schema missing items.`;
    case 'type':
      return `${where}'${name}' is not valid under any of the given schemas.`;
    case 'format':
      return `${where}'${name}' is not a valid format. Use one of ${strictFormats.join(', ')}.`;
    case 'reference':
      return `${where}reference can only point to definitions in the schema, got '${name}'.`;
    case 'open_object':
      return `${where}'additionalProperties' is required to be supplied and to be false.`;
    case 'optional_property':
      return `${where}'required' is required to be supplied and to be an array including every key in properties. Missing '${name}'.`;
    case 'too_deep':
      return `${name} levels of nesting exceeds limit of ${strictLimits.levels}.`;
    case 'too_many_properties':
      return `${name} object properties exceeds limit of ${strictLimits.properties}.`;
    case 'too_many_enum_values':
      return `${name} enum values exceeds limit of ${strictLimits.enumValues}.`;
    case 'too_much_text':
      return `total string length of ${name} exceeds limit of ${strictLimits.characters}.`;
  }
}

function context(path: SchemaPath): string {
  return `In context=(${path.map((part) => `'${part}'`).join(', ')}), `;
}
