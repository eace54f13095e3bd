import type { z } from 'zod';
import { typeNoun } from '../core/type-words.ts';

/** A node of the JSON Schema that zod makes. */
export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** A Markdown table of a map's keys. */
export function keyTable(
  schema: JsonSchema,
  keys: readonly string[] = Object.keys(properties(schema)),
): string {
  const rows = keys.map((key) =>
    keyRow(key, properties(schema)[key] ?? {}, schema.required?.includes(key) ?? false),
  );
  return ['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

export function properties(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

function keyRow(key: string, schema: JsonSchema, isRequired: boolean): string {
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  const secret = schema['secret'] === true ? ' Kept secret.' : '';
  const meaning = `${schema.description ?? ''}${secret}`.trim();
  const cells = [`\`${key}\``, valueWord(schema), isRequired ? '**required**' : fallback, meaning];
  return `| ${cells.map(escapeCell).join(' | ')} |`;
}

/** What a value may be, in words. */
function valueWord(schema: JsonSchema): string {
  const options = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (options !== undefined) return [...new Set(options.map(valueWord))].join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array') return `list of ${valueWord((schema.items ?? {}) as JsonSchema)}`;
  if (schema.type === 'object') return objectWord(schema);
  if (schema.type === 'boolean') return '`true`, `false`';
  return typeNoun(String(schema.type)) ?? 'any value';
}

function objectWord(schema: JsonSchema): string {
  const keys = Object.keys(properties(schema));
  if (keys.length > 0) return `map of ${keys.map((key) => `\`${key}\``).join(', ')}`;
  const values = schema.additionalProperties;
  return typeof values === 'object' ? `map to ${valueWord(values)}` : 'map';
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
