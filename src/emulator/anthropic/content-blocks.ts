import { isMap, type JsonMap } from '../../core/json.ts';
import { invalid, required } from './errors.ts';

const blockTypes = [
  'text',
  'image',
  'document',
  'search_result',
  'thinking',
  'redacted_thinking',
  'tool_use',
  'tool_result',
];

/** What each kind of source must have. */
const sources: Readonly<Record<string, readonly string[]>> = {
  base64: ['data', 'media_type'],
  url: ['url'],
  text: ['data'],
  file: ['file_id'],
  content: [],
};

/** A block of a message's content; of blocks other than text, the text is left out. @throws ApiError 400 */
export function readBlock(block: unknown, path: string): JsonMap {
  if (!isMap(block)) throw invalid(path, 'Input should be a valid dictionary or object');
  const { type, text, source } = block;
  if (type === undefined) throw required(`${path}.type`);
  if (typeof type !== 'string' || !blockTypes.includes(type)) throw unknownType(path, type);
  if (type === 'text') {
    if (text === undefined) throw required(`${path}.text.text`);
    if (typeof text !== 'string') throw invalid(`${path}.text.text`, 'Input should be a valid string');
    if (text === '') throw invalid('messages', 'text content blocks must be non-empty');
    return block;
  }
  if (type === 'image' || type === 'document') checkSource(source, `${path}.${type}.source`);
  return { ...block, text: undefined };
}

function checkSource(source: unknown, path: string): void {
  if (!isMap(source)) throw required(path);
  const { type } = source;
  const needed = typeof type === 'string' ? sources[type] : undefined;
  if (typeof type !== 'string' || needed === undefined) throw unknownType(path, type);
  const missing = needed.find((name) => typeof source[name] !== 'string');
  if (missing !== undefined) throw required(`${path}.${type}.${missing}`);
}

function unknownType(path: string, type: unknown) {
  return invalid(
    path,
    `Input tag ${JSON.stringify(type)} found using 'type' does not match any of the expected tags`,
  );
}
