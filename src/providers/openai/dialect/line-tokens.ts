import { readLineBlocks } from '../../../files/line-reader.ts';

const tokensPerMessage = 8;

/**
 * Estimated prompt tokens of a request line as it is stored, by the same rule as when it was rendered: the bytes of its
 * texts / 4, and 8 a message.
 */
export function lineTokens(line: Buffer): number {
  const { url, body } = JSON.parse(line.toString('utf8')) as RequestLine;
  const { messages, input, instructions } = body ?? {};
  const texts = [...listOf(messages), ...listOf(input), ...listOf(instructions)];
  const bytes = texts.reduce<number>((sum, text) => sum + textBytes(text), 0);
  const areMessages = url !== '/v1/embeddings';
  return Math.ceil(bytes / 4) + (areMessages ? tokensPerMessage * texts.length : 0);
}

interface RequestLine {
  readonly url?: string;
  readonly body?: { readonly messages?: unknown; readonly input?: unknown; readonly instructions?: unknown };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** The bytes of a text, of a message's content, or of the text parts of one. */
function textBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, part) => sum + textBytes(part), 0);
  if (typeof value !== 'object' || value === null) return 0;
  const { content, text } = value as { readonly content?: unknown; readonly text?: unknown };
  return textBytes(content ?? text);
}

/** The lines of a requests file with more estimated tokens than so many, each with its tokens; lines count from 0. */
export async function linesOver(
  path: string,
  tokens: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const over = new Map<number, number>();
  let line = 0;
  for await (const block of readLineBlocks(path, { signal })) {
    for (let index = 0; index < block.count; index += 1, line += 1) {
      const found = lineTokens(block.buffer.subarray(block.starts[index] ?? 0, block.ends[index] ?? 0));
      if (found > tokens) over.set(line, found);
    }
  }
  return over;
}
