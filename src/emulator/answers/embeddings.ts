import { modelDimensions } from '../../providers/openai/dialect/dimensions.ts';
import { badRequest, invalidType, invalidValue, missingParameter } from '../http/api-error.ts';
import type { JsonMap } from '../../core/json.ts';
import { embedText } from './embed-text.ts';
import { checkInteger, emptyArray, modelOf } from './parameters.ts';
import { tokensOfBytes } from './prompt.ts';

const mostInputs = 2048;
const mostInputTokens = 8192;
const mostRequestTokens = 300_000;
const mostDimensions = 3072;

/** Length of the vectors of the models that are not known. */
const otherDimensions = 256;

/** Embeds the inputs of a request. @throws ApiError 400 */
export function answerEmbeddings(body: JsonMap): JsonMap {
  const model = modelOf(body, 'text-embedding-3-small');
  const inputs = readInputs(body['input']);
  const dimensions = readDimensions(body, model);
  const asBase64 = readEncoding(body['encoding_format']);
  const tokens = inputs.reduce((sum, input) => sum + countTokens(input), 0);
  if (tokens > mostRequestTokens) {
    const message = `Requested ${tokens} tokens, max ${mostRequestTokens} tokens per request.`;
    throw badRequest(message, 'input', 'max_tokens_per_request');
  }
  return {
    object: 'list',
    data: inputs.map((input, index) => {
      const vector = embedText(input.text, dimensions);
      const embedding = asBase64 ? toBase64(vector) : Array.from(vector);
      return { object: 'embedding', index, embedding };
    }),
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

interface Input {
  readonly text: string;
  /** Where the input came as token numbers: how many. */
  readonly tokens: number | null;
}

function readInputs(input: unknown): readonly Input[] {
  if (input === undefined || input === null) throw missingParameter('input');
  if (typeof input === 'string') return [readText(input, 'input')];
  if (!Array.isArray(input)) throw invalidType('input', 'a string or an array', input);
  if (input.length === 0) throw emptyArray('input');
  if (typeof input[0] === 'number') return [readTokens(input, 'input')];
  if (input.length > mostInputs) {
    const message = `Invalid 'input': array too long. Expected an array with maximum length ${mostInputs}, but got an array with length ${input.length} instead.`;
    throw badRequest(message, 'input', 'array_above_max_length');
  }
  return input.map((entry: unknown, index) => {
    if (Array.isArray(entry)) return readTokens(entry, `input[${index}]`);
    return readText(entry, `input[${index}]`);
  });
}

function readText(text: unknown, path: string): Input {
  if (typeof text !== 'string') throw invalidType(path, 'a string', text);
  if (text === '')
    throw badRequest(`Invalid '${path}': input cannot be an empty string.`, path, 'invalid_value');
  const input = { text, tokens: null };
  refuseTooLong(countTokens(input));
  return input;
}

function readTokens(tokens: readonly unknown[], path: string): Input {
  if (tokens.length === 0) throw emptyArray(path);
  if (!tokens.every((token) => Number.isInteger(token)))
    throw invalidType(path, 'an array of integers', tokens);
  refuseTooLong(tokens.length);
  return { text: tokens.join(' '), tokens: tokens.length };
}

function refuseTooLong(tokens: number): void {
  if (tokens <= mostInputTokens) return;
  const message = `This model's maximum context length is ${mostInputTokens} tokens, however you requested ${tokens} tokens (${tokens} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`;
  throw badRequest(message, null, null);
}

function countTokens(input: Input): number {
  return input.tokens ?? tokensOfBytes(Buffer.byteLength(input.text));
}

function readDimensions(body: JsonMap, model: string): number {
  const standard = modelDimensions[model] ?? otherDimensions;
  if (body['dimensions'] !== undefined && model === 'text-embedding-ada-002') {
    throw badRequest('This model does not support specifying dimensions.', 'dimensions', null);
  }
  const most = modelDimensions[model] ?? mostDimensions;
  return checkInteger(body, 'dimensions', 1, most) ?? standard;
}

function readEncoding(encoding: unknown): boolean {
  if (encoding === undefined || encoding === null || encoding === 'float') return false;
  if (encoding === 'base64') return true;
  throw invalidValue('encoding_format', encoding, "'float' and 'base64'");
}

function toBase64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
