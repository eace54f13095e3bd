import { badRequest, invalidType, invalidValue, missingParameter } from '../http/api-error.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import type { AnswerFormat } from './answer-text.ts';
import { findStrictFault } from './strict-schema.ts';

const choices = "'text', 'json_object', and 'json_schema'";

/** What chat's `response_format` asks for. @throws ApiError 400 */
export function readResponseFormat(format: unknown): AnswerFormat {
  return readFormat(format, 'response_format', (declared) => {
    const nested = declared['json_schema'];
    if (nested === undefined) throw missingParameter('response_format.json_schema');
    if (!isMap(nested)) throw invalidType('response_format.json_schema', 'an object', nested);
    return readSchema(nested, 'response_format', 'response_format.json_schema');
  });
}

/** What `text.format` of the Responses API asks for. @throws ApiError 400 */
export function readTextFormat(text: unknown): AnswerFormat {
  if (text === undefined || text === null) return { type: 'text' };
  if (!isMap(text)) throw invalidType('text', 'an object', text);
  return readFormat(text['format'], 'text.format', (declared) =>
    readSchema(declared, 'text.format', 'text.format'),
  );
}

function readFormat(format: unknown, path: string, schemaOf: (declared: JsonMap) => JsonMap): AnswerFormat {
  if (format === undefined || format === null) return { type: 'text' };
  if (!isMap(format)) throw invalidType(path, 'an object', format);
  switch (format['type']) {
    case 'text':
    case 'json_object':
      return { type: format['type'] };
    case 'json_schema':
      return { type: 'json_schema', schema: schemaOf(format) };
    case undefined:
      throw missingParameter(`${path}.type`);
    default:
      throw invalidValue(`${path}.type`, format['type'], choices);
  }
}

function readSchema(declared: JsonMap, format: string, path: string): JsonMap {
  const { name, schema } = declared;
  if (name === undefined) throw missingParameter(`${path}.name`);
  if (typeof name !== 'string') throw invalidType(`${path}.name`, 'a string', name);
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    const message = `Invalid '${path}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`;
    throw badRequest(message, `${path}.name`, 'invalid_value');
  }
  if (schema === undefined) throw missingParameter(`${path}.schema`);
  if (!isMap(schema)) throw invalidType(`${path}.schema`, 'an object', schema);
  if (declared['strict'] === true) refuseUnstrict(schema, name, format);
  return schema;
}

function refuseUnstrict(schema: JsonMap, name: string, format: string): void {
  const fault = findStrictFault(schema);
  if (fault === null) return;
  const message = `Invalid schema for response_format '${name}': ${fault}`;
  throw badRequest(message, format, 'invalid_json_schema');
}
