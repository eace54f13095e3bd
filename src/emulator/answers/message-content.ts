import { badRequest, invalidType, invalidValue, missingParameter } from '../http/api-error.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import { emptyArray } from './parameters.ts';
import { joinTexts, type PromptMessage } from './prompt.ts';

/** The messages of a list, each checked for its role and content. @throws ApiError 400 */
export function readMessages(value: unknown, name: string, roles: readonly string[]): PromptMessage[] {
  if (value === undefined) throw missingParameter(name);
  if (!Array.isArray(value)) throw invalidType(name, 'an array of objects', value);
  if (value.length === 0) throw emptyArray(name);
  return value.map((message: unknown, index) => readMessage(message, `${name}[${index}]`, roles));
}

function readMessage(message: unknown, path: string, roles: readonly string[]): PromptMessage {
  if (!isMap(message)) throw invalidType(path, 'an object', message);
  const role = message['role'];
  if (role === undefined) throw missingParameter(`${path}.role`);
  if (typeof role !== 'string' || !roles.includes(role)) {
    throw invalidValue(`${path}.role`, role, roles.map((name) => `'${name}'`).join(', '));
  }
  return { role, text: readContent(message, path, role) };
}

function readContent(message: JsonMap, path: string, role: string): string {
  const content = message['content'];
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) {
    const texts = content.map((part: unknown, index) => partText(part, `${path}.content[${index}]`));
    return joinTexts(texts.filter((text) => text !== null));
  }
  // An assistant's message may consist of tool calls alone.
  if (role === 'assistant' && (content === null || content === undefined)) return '';
  if (content === undefined) throw missingParameter(`${path}.content`);
  const param = `${path}.content`;
  throw content === null
    ? badRequest(`Invalid value for 'content': expected a string, got null.`, param, null)
    : invalidType(param, 'a string or an array of parts', content);
}

/** Parts other than text (images, audio) count as nothing. */
function partText(part: unknown, path: string): string | null {
  if (!isMap(part)) throw invalidType(path, 'an object', part);
  return typeof part['text'] === 'string' ? part['text'] : null;
}
