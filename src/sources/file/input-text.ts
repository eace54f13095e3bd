import type { SourceContext } from '../../core/source.ts';
import { fileInput, type FileInput, standardInput } from './file-input.ts';
import { findFiles } from './find-files.ts';
import { refuseForeignFormat } from './foreign-format.ts';
import { type TextFault, textChunks, type TextOptions, withoutEndMark } from './text-chunks.ts';

/** A file of text, as another thread can be told of it. */
export interface TextFile {
  readonly path: string;
  /** As messages name it: the path relative to the pipeline file. */
  readonly name: string;
  /** Its size on disk, compressed or not. */
  readonly bytes: number;
  /** A label that TextDecoder knows; a byte order mark overrides it. */
  readonly encoding: string;
}

/** The text of a file or of standard input, which may be looked at before it is read. */
export interface InputText {
  /** As messages name it. */
  readonly name: string;
  /** Null for standard input. */
  readonly file: TextFile | null;
  /** Told of a fault by whoever reads `file` instead of `chunks`. */
  readonly onFault: (fault: TextFault) => void;
  /** Its beginning. At most once, before it is read; of what cannot be read again, what is taken is kept. */
  peek(): AsyncGenerator<Buffer, void, undefined>;
  /** All of it as UTF-8 bytes, no character cut between two chunks. @throws BatchlineError */
  chunks(signal: AbortSignal): AsyncIterable<Buffer>;
}

export interface InputTexts {
  /** In the order of their names. */
  readonly texts: readonly InputText[];
  /** For a run's fingerprint: each file's size and date. */
  readonly fingerprint: Readonly<Record<string, string>>;
  /** Absolute paths; none for standard input. */
  readonly files: readonly string[];
}

/**
 * Finds what `path` names: a file, a glob's files, or standard input for `-`.
 *
 * @param encoding a label that TextDecoder knows, which a byte order mark overrides; null where it is always UTF-8
 * @throws BatchlineError where there is nothing
 */
export async function findTexts(
  path: string,
  encoding: string | null,
  context: SourceContext,
): Promise<InputTexts> {
  const warn = warnOnce(encoding === null ? faultTexts : faultTextsWithAdvice, context);
  const label = encoding ?? 'utf8';
  if (path === '-') {
    const input = standardInput(process.stdin);
    return {
      texts: [streamText(input, label, warn(input.name), context.signal)],
      fingerprint: {},
      files: [],
    };
  }
  const files = await findFiles(path, context.baseDir);
  return {
    texts: files.map((file) => fileText({ ...file, encoding: label }, warn(file.name), context.signal)),
    fingerprint: Object.fromEntries(files.map((file) => [file.name, `${file.bytes} ${file.modifiedAt}`])),
    files: files.map((file) => file.path),
  };
}

/** @throws BatchlineError */
export function readTextFile(
  { path, name, encoding }: TextFile,
  onFault: (fault: TextFault) => void,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  return wholeText(fileInput(path, name), { encoding, onFault }, signal);
}

function wholeText(
  input: FileInput,
  options: TextOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  return withoutEndMark(textChunks(checkedBytes(input, options.encoding, signal), options));
}

async function* checkedBytes(
  input: FileInput,
  encoding: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  let isBeginning = true;
  for await (const chunk of input.bytes(signal)) {
    if (isBeginning) refuseForeignFormat(chunk, encoding, input.name);
    isBeginning = false;
    yield chunk;
  }
}

function fileText(file: TextFile, onFault: (fault: TextFault) => void, signal: AbortSignal): InputText {
  return {
    name: file.name,
    file,
    onFault,
    peek: () => readTextFile(file, onFault, signal),
    chunks: (reading) => readTextFile(file, onFault, reading),
  };
}

function streamText(
  input: FileInput,
  encoding: string,
  onFault: (fault: TextFault) => void,
  signal: AbortSignal,
): InputText {
  const read = (reading: AbortSignal) => wholeText(input, { encoding, onFault }, reading);
  const head: Buffer[] = [];
  let rest: AsyncGenerator<Buffer, void, undefined> | undefined;
  return {
    name: input.name,
    file: null,
    onFault,
    peek() {
      rest = read(signal);
      return keeping(head, rest);
    },
    chunks(reading) {
      // After the first time nothing is left: asking the input itself says why.
      if (rest === undefined) return read(reading);
      const replayed = replay(head, rest);
      rest = undefined;
      return replayed;
    },
  };
}

/** What is left of `rest` when the consumer stops is still to be read. */
async function* keeping(
  head: Buffer[],
  rest: AsyncGenerator<Buffer, void, undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    head.push(next.value);
    yield next.value;
  }
}

async function* replay(
  head: Buffer[],
  rest: AsyncGenerator<Buffer, void, undefined>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    while (head.length > 0) yield head.shift() as Buffer;
    yield* rest;
  } finally {
    await rest.return();
  }
}

type FaultTexts = Readonly<Record<TextFault, string>>;

const faultTexts: FaultTexts = {
  'invalid-utf8': 'holds bytes that are not UTF-8; they are read as U+FFFD.',
  nul: 'holds NUL bytes; they are read as U+FFFD.',
};

const faultTextsWithAdvice: FaultTexts = {
  'invalid-utf8': `${faultTexts['invalid-utf8']} Set \`encoding\` if the file has another one.`,
  nul: `${faultTexts.nul} If it is UTF-16, set \`encoding: utf16le\`.`,
};

function warnOnce(texts: FaultTexts, context: SourceContext): (name: string) => (fault: TextFault) => void {
  const told = new Set<string>();
  return (name) => (fault) => {
    const text = `${name} ${texts[fault]}`;
    if (told.has(text)) return;
    told.add(text);
    context.warn(text);
  };
}
