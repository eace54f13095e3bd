import { isMap, type JsonMap } from '../../core/json.ts';

/** A `responseSchema` as JSON Schema: its types are upper-case words, and null is a word of its own. */
export function jsonSchemaOf(schema: JsonMap): JsonMap {
  const converted = Object.entries(schema).map(([name, value]) => [name, convert(name, value)]);
  const { nullable, type, ...rest } = Object.fromEntries(converted) as JsonMap;
  if (type === undefined) return rest;
  return { ...rest, type: nullable === true ? [type, 'null'] : type };
}

function convert(name: string, value: unknown): unknown {
  if (name === 'type' && typeof value === 'string') return value.toLowerCase();
  if (name === 'properties' && isMap(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, isMap(child) ? jsonSchemaOf(child) : child]),
    );
  if (name === 'items' && isMap(value)) return jsonSchemaOf(value);
  if (name === 'anyOf' && Array.isArray(value))
    return value.map((child: unknown) => (isMap(child) ? jsonSchemaOf(child) : child));
  // Numbers of the protocol's 64 bits come as texts.
  if (/^(?:min|max)(?:Items|Length|Properties)$/.test(name) && typeof value === 'string')
    return Number(value);
  return value;
}
