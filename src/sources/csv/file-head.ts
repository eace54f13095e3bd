import { type TextFault, textChunks } from './text-chunks.ts';
import type { CsvInput } from './input.ts';
import { RecordParser, type RecordFormat } from './record-parser.ts';
import { RecordFault } from './record-fault.ts';
import { guessDelimiter } from './delimiter.ts';
import type { WireText } from '../../core/wire-text.ts';

/** An input of which the beginning has been read, so that its format is known. */
export interface OpenedInput {
  readonly name: string;
  readonly format: RecordFormat;
  /** The first record; null where the file is empty. */
  readonly first: readonly WireText[] | null;
  /** All of its text as UTF-8 bytes. */
  chunks(signal: AbortSignal): AsyncIterable<Buffer>;
}

export interface HeadOptions {
  readonly encoding: string;
  /** Null: guess it. */
  readonly delimiter: string | null;
  readonly quote: string | null;
  readonly onFault: (name: string, fault: TextFault) => void;
  readonly signal: AbortSignal;
}

const headBytes = 65_536;

/** @param rereads whether the input can be read from its beginning again; else its head is kept until it is read */
export async function openHead(
  input: CsvInput,
  rereads: boolean,
  options: HeadOptions,
): Promise<OpenedInput> {
  const text = (signal: AbortSignal) =>
    textChunks(input.bytes(signal), {
      encoding: options.encoding,
      onFault: (fault) => options.onFault(input.name, fault),
    });
  const rest = text(options.signal);
  const head = await readHead(rest);
  if (rereads) await rest.return();
  const sample = Buffer.concat(head).toString('utf8');
  const format = {
    delimiter: options.delimiter ?? guessDelimiter(sample, options.quote),
    quote: options.quote,
    recordDelimiters: sample.includes('\n') ? ['\r\n', '\n'] : ['\r\n', '\n', '\r'],
  };
  return {
    name: input.name,
    format,
    first: await firstRecord(head, format, input.name),
    chunks: (signal) => (rereads ? text(signal) : replay(head, rest, input, signal)),
  };
}

async function readHead(chunks: AsyncGenerator<Buffer, void, undefined>): Promise<Buffer[]> {
  const head: Buffer[] = [];
  for (let length = 0; length < headBytes;) {
    const next = await chunks.next();
    if (next.done === true) break;
    head.push(next.value);
    length += next.value.length;
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

async function* replay(
  head: Buffer[],
  rest: AsyncGenerator<Buffer, void, undefined>,
  input: CsvInput,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  // Nothing is left after the first time: asking the input itself says why.
  if (head.length === 0) yield* input.bytes(signal);
  try {
    while (head.length > 0) yield head.shift() as Buffer;
    yield* rest;
  } finally {
    await rest.return();
  }
}
