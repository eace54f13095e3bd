import { nearestName } from '../../../core/did-you-mean.ts';
import type { DialectFault, RequestDraft } from '../../../core/dialect.ts';
import { asMap } from '../../../core/json.ts';
import {
  refusedKeywords,
  strictFaults,
  strictFormats,
  strictLimits,
  type StrictFault,
} from './strict-schema.ts';

const schemaPath = ['output', 'schema'] as const;

/**
 * What strict mode refuses in `output.schema`, each at its own place. Nothing is asked of a schema that is not sent
 * strictly: where `params` says in what format to answer.
 */
export function strictOutputFaults({ endpoint, output, params }: RequestDraft): readonly DialectFault[] {
  const schema = asMap(asMap(output)?.['schema']);
  if (endpoint === 'embeddings' || schema === undefined || hasOwnFormat(params)) return [];
  return Array.from(strictFaults(schema), toFault);
}

function hasOwnFormat(params: unknown): boolean {
  const given = asMap(params);
  return given?.['response_format'] !== undefined || asMap(given?.['text'])?.['format'] !== undefined;
}

function toFault(fault: StrictFault): DialectFault {
  const { kind, name } = fault;
  const path = [...schemaPath, ...fault.path];
  switch (kind) {
    case 'root_type':
      return {
        path: [...path, 'type'],
        message: 'must be `object`: strict structured output always answers with one',
      };
    case 'root_any_of':
      return keyFault([...path, name], 'cannot stand at the top of a strict schema; put it into a property');
    case 'keyword':
      return keyFault(
        [...path, name],
        `is refused by strict structured output; ${refusedKeywords.get(name) ?? ''}`,
      );
    case 'no_type':
      return { path, message: 'needs a `type` for strict structured output' };
    case 'no_items':
      return {
        path: [...path, name],
        message: 'is required for strict structured output, as in items: { type: string }',
      };
    case 'type':
      return { path: [...path, 'type'], message: `there is no type ${name}` };
    case 'format':
      return {
        path: [...path, 'format'],
        message: `${name} is refused by strict structured output, which knows ${strictFormats.join(', ')}`,
        suggestion: nearestName(name, strictFormats),
      };
    case 'reference':
      return { path: [...path, '$ref'], message: 'must point into the schema itself, as in #/$defs/item' };
    case 'open_object':
      return {
        path: [...path, name],
        message: 'is required and must be false: strict structured output takes closed objects only',
      };
    case 'optional_property':
      return keyFault(
        [...path, 'properties', name],
        'must stand in `required` for strict structured output; where it may be missing, let it be null: type: [string, "null"]',
      );
    case 'too_deep':
      return {
        path,
        message: `is object ${name} levels deep; strict structured output takes ${strictLimits.levels}`,
      };
    case 'too_many_properties':
      return { path, message: limited(name, 'properties', strictLimits.properties) };
    case 'too_many_enum_values':
      return { path, message: limited(name, 'enum values', strictLimits.enumValues) };
    case 'too_much_text':
      return { path, message: limited(name, 'characters of names and enum values', strictLimits.characters) };
  }
}

function keyFault(path: DialectFault['path'], message: string): DialectFault {
  return { path, message, at: 'key' };
}

function limited(count: string, what: string, most: number): string {
  return `has ${count} ${what}; strict structured output takes ${most}`;
}
