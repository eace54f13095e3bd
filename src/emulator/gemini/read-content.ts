import { isMap, type JsonMap } from '../../core/json.ts';
import { joinTexts, tokensOfBytes } from '../answers/prompt.ts';
import { invalid, unknownField } from './errors.ts';
import { field, namesOf, snakeCase } from './fields.ts';

const partFields = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
];
const known = namesOf(...partFields, 'thought', 'thoughtSignature', 'videoMetadata', 'mediaResolution');

/** The texts of a content's parts; other parts count as nothing. @throws ApiError 400 */
export function contentText(content: JsonMap, path: string): string {
  const { parts } = content;
  if (!Array.isArray(parts) || parts.length === 0)
    throw invalid(`* ${path}.parts: contents.parts must not be empty.`);
  const texts = parts.map((part: unknown, index) => partText(part, `${path}.parts[${index}]`));
  return joinTexts(texts.filter((text) => text !== null));
}

function partText(part: unknown, path: string): string | null {
  if (!isMap(part)) throw invalid(`* ${path}: must be an object.`);
  const unknown = Object.keys(part).find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownField(unknown, path);
  const data = partFields.filter((name) => field(part, name) !== undefined);
  if (data.length !== 1)
    throw invalid(`* ${path}.data: required oneof field 'data' must have one initialized field`);
  for (const [name, needed] of [
    ['inlineData', ['mimeType', 'data']],
    ['fileData', ['fileUri']],
  ] as const) {
    const value = field(part, name);
    if (value === undefined) continue;
    const missing = needed.find((key) => !isMap(value) || typeof field(value, key) !== 'string');
    if (missing !== undefined)
      throw invalid(`* ${path}.${snakeCase(name)}.${snakeCase(missing)}: is required.`);
  }
  const { text } = part;
  if (text !== undefined && typeof text !== 'string')
    throw invalid(`Invalid value at '${path}.text' (TYPE_STRING)`);
  return text ?? null;
}

export function tokensOf(text: string): number {
  return tokensOfBytes(Buffer.byteLength(text));
}
