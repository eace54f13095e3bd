import { isUtf8 } from 'node:buffer';
import { BatchlineError } from '../../core/errors.ts';
import type { CopyLines } from '../../pg/copy-out.ts';
import { quoteIdentifier } from '../../pg/identifier.ts';
import type { ReadPlan } from './read.ts';

/**
 * Text of a database of encoding SQL_ASCII, which converts nothing, whatever client_encoding says.
 *
 * @param firstRecord the number of the first line's record
 * @throws BatchlineError `invalid_encoding` where it is not UTF-8, with the row and the column
 */
export function rejectMisencoded(
  { text }: CopyLines,
  { layout, select }: Pick<ReadPlan, 'layout' | 'select'>,
  firstRecord: number,
): void {
  if (isUtf8(Buffer.from(text, 'latin1'))) return;
  const lines = text.split('\n');
  const line = lines.findIndex((each) => !isUtf8(Buffer.from(each, 'latin1')));
  const cells = (lines[line] ?? '').split('\t').map((cell) => Buffer.from(cell, 'latin1'));
  const column = select.columns[cells.findIndex((cell) => !isUtf8(cell))] ?? '';
  const key = layout.key.map((part) => `${part.name} = ${cells[part.column]?.toString('utf8')}`);
  const name = quoteIdentifier(column);
  throw new BatchlineError(
    'invalid_encoding',
    `column "${column}" of ${layout.origin} holds text that is not UTF-8`,
    {
      where: `record ${firstRecord + line} of ${layout.origin} (${key.join(', ')})`,
      hint: `The database has the encoding SQL_ASCII, so that no client_encoding converts it. Say in a \`query\` what the text is in: SELECT convert_from(convert(convert_to(${name}::text, 'SQL_ASCII'), 'LATIN1', 'UTF8'), 'UTF8') AS ${name}, ...`,
    },
  );
}
