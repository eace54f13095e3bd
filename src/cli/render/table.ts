import { visible } from './words.ts';

/** A line longer than this is hard to read, on however wide a terminal. */
const widest = 100;
const narrowestColumn = 6;
const gap = 2;

/**
 * Rows as a table for a look: cells cut to fit, null as nothing, control characters made visible.
 *
 * @param width columns of the terminal, where there is one
 * @param whole columns that are never cut, by their index
 */
export function renderTable(
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  width = widest,
  whole: readonly number[] = [],
): string {
  if (columns.length === 0) return '';
  const cells = [columns, ...rows].map((row) =>
    columns.map((_, index) => visible((row[index] ?? '').slice(0, 2 * widest))),
  );
  const widths = fitWidths(naturalWidths(cells), Math.min(width, widest), whole);
  const lines = cells.map((row) => formatRow(row, widths));
  const rule = widths.map((each) => '-'.repeat(each)).join(' '.repeat(gap));
  return [lines[0] ?? '', rule, ...lines.slice(1)].join('\n');
}

function naturalWidths(cells: readonly (readonly string[])[]): readonly number[] {
  const first = cells[0] ?? [];
  return first.map((_, index) => Math.max(1, ...cells.map((row) => displayWidth(row[index] ?? ''))));
}

/** Takes the room from the widest columns first, so that short ones stay whole. */
function fitWidths(natural: readonly number[], width: number, whole: readonly number[]): readonly number[] {
  const room = width - gap * (natural.length - 1);
  const widths = [...natural];
  while (widths.reduce((sum, each) => sum + each, 0) > room) {
    const widestNow = Math.max(0, ...widths.filter((_, index) => !whole.includes(index)));
    if (widestNow <= narrowestColumn) break;
    const index = widths.findIndex((each, at) => each === widestNow && !whole.includes(at));
    widths[index] = widestNow - 1;
  }
  return widths;
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, index) => pad(cut(cell, widths[index] ?? 0), widths[index] ?? 0))
    .join(' '.repeat(gap))
    .trimEnd();
}

function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const step = displayWidth(segment);
    if (used + step > width - 1) break;
    kept += segment;
    used += step;
  }
  return `${kept}…`;
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** Columns that a terminal gives a text: two for East Asian characters and emoji. */
function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}
