import { hash } from 'node:crypto';
import type { LoadMark } from './sink.ts';

/**
 * The mark of a load into one table. All tables of a schema share one table of marks, and a run may go on, or be loaded
 * again, into another table than the one it began with.
 *
 * @param table its full name, the same text each time
 */
export function tableMark(mark: LoadMark, table: string): LoadMark {
  return { ...mark, sha256: hash('sha256', `${mark.sha256}\n${table}`) };
}
