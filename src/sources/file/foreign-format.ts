import { BatchlineError } from '../../core/errors.ts';

interface Format {
  readonly isIn: (head: Buffer) => boolean;
  /** As "the file is ..." goes on. */
  readonly name: string;
  readonly hint: string;
}

function beginsWith(...bytes: readonly number[]): Format['isIn'] {
  const beginning = Buffer.from(bytes);
  return (head) => head.subarray(0, bytes.length).equals(beginning);
}

const saveAsCsv = 'Save it as "CSV UTF-8" there, and name that file.';

/** What is often taken for a file of text; no text begins with these bytes. */
const binary: readonly Format[] = [
  { isIn: beginsWith(0x50, 0x4b, 3, 4), name: 'a ZIP archive or an Excel workbook (.xlsx)', hint: saveAsCsv },
  { isIn: beginsWith(0xd0, 0xcf, 0x11, 0xe0), name: 'an Excel workbook (.xls)', hint: saveAsCsv },
  { isIn: beginsWith(0x1f, 0x8b), name: 'compressed by gzip', hint: 'Let its name end in .gz.' },
  { isIn: beginsWith(0x28, 0xb5, 0x2f, 0xfd), name: 'compressed by zstd', hint: 'Let its name end in .zst.' },
  { isIn: beginsWith(0x50, 0x41, 0x52, 0x31, 0x15), name: 'a Parquet file', hint: 'Use the source duckdb.' },
  {
    isIn: beginsWith(0xff, 0xfe, 0, 0),
    name: 'in UTF-32, which is not read',
    hint: 'Save it in UTF-8.',
  },
];

/** Without the mark that would say so. Text of other encodings has no NUL. */
const unmarked: readonly Format[] = (['utf16le', 'utf-16be'] as const).map((encoding, first) => ({
  isIn: (head) => hasNulAtEvery(head, 1 - first),
  name: 'in UTF-16, without a byte order mark',
  hint: `Set \`encoding: ${encoding}\` (csv only), or save it in UTF-8.`,
}));

/** Whether most of every other byte are NUL, as in a line of Latin letters, and none of those between. */
function hasNulAtEvery(head: Buffer, offset: number): boolean {
  const counts: [number, number] = [0, 0];
  const pairs = Math.min(head.length, 1000) >> 1;
  for (let at = 0; at < pairs * 2; at += 1) if (head[at] === 0) counts[((at + offset) % 2) as 0 | 1] += 1;
  return pairs > 1 && counts[0] > pairs / 2 && counts[1] === 0;
}

function isMarked(head: Buffer): boolean {
  return beginsWith(0xff, 0xfe)(head) || beginsWith(0xfe, 0xff)(head);
}

/** @param encoding as configured @throws BatchlineError where the bytes are no text of that encoding at all */
export function refuseForeignFormat(head: Buffer, encoding: string, name: string): void {
  const isUtf16 = isMarked(head) || new TextDecoder(encoding).encoding.startsWith('utf-16');
  const format = [...binary, ...(isUtf16 ? [] : unmarked)].find(({ isIn }) => isIn(head));
  if (format === undefined) return;
  throw new BatchlineError('not_text', `the file is ${format.name}`, { where: name, hint: format.hint });
}
