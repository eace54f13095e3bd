import { isMap, type JsonMap } from '../../core/json.ts';
import type { AnswerFormat } from '../answers/answer-text.ts';
import { joinTexts, type PromptMessage } from '../answers/prompt.ts';
import { readBlock } from './content-blocks.ts';
import { invalid, required } from './errors.ts';
import { refuseSchema } from './refuse-schema.ts';

/** What of a request the answer is made from. */
export interface MessageRequest {
  readonly model: string;
  readonly messages: readonly PromptMessage[];
  readonly format: AnswerFormat;
  readonly mostTokens: number;
  /** Bytes of the texts up to the last block that is to be cached; 0 where none is. */
  readonly cachedBytes: number;
}

const known = new Set([
  'model',
  'max_tokens',
  'messages',
  'cache_control',
  'container',
  'diagnostics',
  'inference_geo',
  'metadata',
  'output_config',
  'service_tier',
  'speed',
  'stop_sequences',
  'stream',
  'system',
  'temperature',
  'thinking',
  'tool_choice',
  'tools',
  'top_k',
  'top_p',
]);
const roles = ['user', 'assistant', 'system'];

/** Reads the body of a Messages call. @throws ApiError 400 */
export function readMessageRequest(body: JsonMap): MessageRequest {
  for (const name of ['max_tokens', 'messages', 'model']) if (body[name] === undefined) throw required(name);
  const unknown = Object.keys(body).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(unknown, 'Extra inputs are not permitted');
  const { model, max_tokens: mostTokens } = body;
  if (typeof model !== 'string') throw invalid('model', 'Input should be a valid string');
  if (typeof mostTokens !== 'number' || !Number.isInteger(mostTokens))
    throw invalid('max_tokens', 'Input should be a valid integer');
  if (mostTokens < 1) throw invalid('max_tokens', 'Input should be greater than or equal to 1');
  checkShare(body, 'temperature');
  checkShare(body, 'top_p');
  const texts = new Texts();
  const messages = [...readSystem(body['system'], texts), ...readMessages(body['messages'], texts)];
  const format = readFormat(body['output_config']);
  return { model, messages, format, mostTokens, cachedBytes: texts.cachedBytes };
}

/** How long the prompt is, and how long it was at the last mark of the cache. */
class Texts {
  #bytes = 0;
  cachedBytes = 0;

  add(block: JsonMap): void {
    if (typeof block['text'] === 'string') this.#bytes += Buffer.byteLength(block['text']);
    if (isMap(block['cache_control'])) this.cachedBytes = this.#bytes;
  }
}

function readSystem(system: unknown, texts: Texts): readonly PromptMessage[] {
  if (system === undefined || system === null || system === '') return [];
  return [{ role: 'system', text: readContent(system, 'system', texts) }];
}

function readMessages(messages: unknown, texts: Texts): readonly PromptMessage[] {
  if (!Array.isArray(messages)) throw invalid('messages', 'Input should be a valid list');
  if (messages.length === 0) throw invalid('messages', 'at least one message is required');
  return messages.map((message: unknown, index) => {
    const path = `messages.${index}`;
    if (!isMap(message)) throw invalid(path, 'Input should be a valid dictionary or object');
    const { role, content } = message;
    if (role === undefined) throw required(`${path}.role`);
    if (content === undefined) throw required(`${path}.content`);
    if (typeof role !== 'string' || !roles.includes(role))
      throw invalid(`${path}.role`, "Input should be 'user', 'assistant' or 'system'");
    const isLastOfOurs = role === 'assistant' && index === messages.length - 1;
    if (!isLastOfOurs && (content === '' || (Array.isArray(content) && content.length === 0)))
      throw invalid(path, `${role} messages must have non-empty content`);
    return { role, text: readContent(content, `${path}.content`, texts) };
  });
}

function readContent(content: unknown, path: string, texts: Texts): string {
  if (typeof content === 'string') {
    texts.add({ text: content });
    return content;
  }
  if (!Array.isArray(content)) throw invalid(path, 'Input should be a valid string or list');
  const blocks = content.map((block: unknown, index) => readBlock(block, `${path}.${index}`));
  for (const block of blocks) texts.add(block);
  return joinTexts(textsOf(blocks));
}

/** The texts of blocks. One that is marked for the cache and the next are one text, cut where the mark stands. */
function textsOf(blocks: readonly JsonMap[]): readonly string[] {
  const texts: string[] = [];
  let isCut = false;
  for (const { text, cache_control: mark } of blocks) {
    if (typeof text === 'string') texts.push(isCut ? `${texts.pop()}${text}` : text);
    isCut = typeof text === 'string' && isMap(mark);
  }
  return texts;
}

function readFormat(config: unknown): AnswerFormat {
  if (!isMap(config) || config['format'] === undefined || config['format'] === null) return { type: 'text' };
  const { format } = config;
  const path = 'output_config.format';
  if (!isMap(format)) throw invalid(path, 'Input should be a valid dictionary or object');
  if (format['type'] !== 'json_schema') throw invalid(`${path}.type`, "Input should be 'json_schema'");
  const { schema } = format;
  if (schema === undefined) throw required(`${path}.schema`);
  if (!isMap(schema)) throw invalid(`${path}.schema`, 'Input should be a valid dictionary or object');
  refuseSchema(schema, `${path}.schema`);
  return { type: 'json_schema', schema };
}

function checkShare(body: JsonMap, name: string): void {
  const value = body[name];
  if (value === undefined || value === null) return;
  if (typeof value !== 'number') throw invalid(name, 'Input should be a valid number');
  if (value < 0) throw invalid(name, 'Input should be greater than or equal to 0');
  if (value > 1) throw invalid(name, 'Input should be less than or equal to 1');
}
