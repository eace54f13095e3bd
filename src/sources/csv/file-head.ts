import type { WireText } from '../../core/wire-text.ts';
import type { InputText } from '../file/input-text.ts';
import { guessDelimiter } from './delimiter.ts';
import { delimiterLine, type DelimiterLineOptions } from './delimiter-line.ts';
import { RecordFault } from '../file/record-fault.ts';
import { RecordParser, type RecordFormat } from './record-parser.ts';

/** An input of which the beginning has been read, so that its format is known. */
export interface OpenedInput {
  readonly text: InputText;
  readonly format: RecordFormat;
  /** The first record; null where the file is empty. */
  readonly first: readonly WireText[] | null;
}

export interface HeadOptions extends DelimiterLineOptions {
  readonly quote: string | null;
}

const headBytes = 65_536;

export async function openHead(text: InputText, options: HeadOptions): Promise<OpenedInput> {
  const head = await readHead(text);
  const sample = Buffer.concat(head).toString('utf8');
  const named = delimiterLine(sample, options);
  const format = {
    delimiter: named ?? options.delimiter ?? guessDelimiter(sample, options.quote),
    firstLine: named === null ? 1 : 2,
    quote: options.quote,
    recordDelimiters: sample.includes('\n') ? ['\r\n', '\n'] : ['\r\n', '\n', '\r'],
  };
  return { text, format, first: await firstRecord(head, format, text.name) };
}

async function readHead(text: InputText): Promise<readonly Buffer[]> {
  const head: Buffer[] = [];
  let length = 0;
  for await (const chunk of text.peek()) {
    head.push(chunk);
    length += chunk.length;
    if (length >= headBytes) break;
  }
  return head;
}

/** The first record in the head; a record longer than that is cut, and shows as such by its number of fields. */
async function firstRecord(
  head: readonly Buffer[],
  format: RecordFormat,
  name: string,
): Promise<readonly WireText[] | null> {
  const parser = await RecordParser.create(format, { hasHeader: false, onBadRecord: () => undefined });
  try {
    for (const chunk of head) {
      await parser.write(chunk);
      if (parser.ready > 0) break;
    }
    if (parser.ready === 0) await parser.end();
    return (parser.take().fields[0] as WireText[] | undefined) ?? null;
  } catch (error) {
    // A fault further down is met again, and told of, when the rows are read.
    const first = parser.take().fields[0] as WireText[] | undefined;
    if (first !== undefined) return first;
    throw error instanceof RecordFault ? error.in(name) : error;
  } finally {
    parser.destroy();
  }
}
