import { tokensOfBytes, tokensPerMessage } from '../answers/prompt.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import type { BatchEndpoint } from '../state/batch-record.ts';

/** The prompt's tokens of a request as the answers count them, without checking it. */
export function promptTokens(endpoint: BatchEndpoint, body: JsonMap): number {
  const { messages, input, instructions, system, contents, systemInstruction } = body;
  if (endpoint === '/v1/embeddings')
    return inputsOf(input).reduce<number>((sum, one) => sum + ofInput(one), 0);
  if (endpoint === 'embedContent') return tokensOfBytes(textBytes(body['content']));
  const prompts = [messages, input, instructions, system, contents, systemInstruction];
  const texts = prompts.flatMap(listOf);
  const bytes = texts.reduce<number>((sum, text) => sum + textBytes(text), 0);
  return tokensOfBytes(bytes) + tokensPerMessage * texts.length;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** A list of numbers is one input. */
function inputsOf(input: unknown): readonly unknown[] {
  return Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
}

function ofInput(input: unknown): number {
  return Array.isArray(input) ? input.length : tokensOfBytes(textBytes(input));
}

/** The bytes of a text, of a message's content, or of the text parts of one. */
function textBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, part) => sum + textBytes(part), 0);
  return isMap(value) ? textBytes(value['content'] ?? value['text'] ?? value['parts']) : 0;
}
