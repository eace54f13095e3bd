import type { Difference } from '../../run/cases/differences.ts';
import { visible } from './words.ts';

/** Lines around those that differ. */
const context = 2;
const longestLine = 200;

/** What is expected and what is there instead: lines with a minus are missing, those with a plus too many. */
export function differenceLines(difference: Difference): readonly string[] {
  if (!('expected' in difference) && !('actual' in difference)) return [];
  const expected = linesOf(difference.expected);
  const actual = linesOf(difference.actual);
  const most = Math.min(expected.length, actual.length);
  let head = 0;
  while (head < most && expected[head] === actual[head]) head += 1;
  let tail = 0;
  while (tail < most - head && expected.at(-1 - tail) === actual.at(-1 - tail)) tail += 1;
  return [
    ...unchanged(expected.slice(Math.max(0, head - context), head)),
    ...expected.slice(head, expected.length - tail).map((line) => `- ${line}`),
    ...actual.slice(head, actual.length - tail).map((line) => `+ ${line}`),
    ...unchanged(expected.slice(expected.length - tail).slice(0, context)),
  ].map((line) => (line.length > longestLine ? `${line.slice(0, longestLine)}…` : line));
}

function unchanged(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

function linesOf(value: unknown): readonly string[] {
  if (value === undefined) return ['(nothing)'];
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.split('\n').map(visible);
}
