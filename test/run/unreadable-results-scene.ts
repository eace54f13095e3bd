import type { ResultLine, Rewrite } from '../support/result-rewriter.ts';
import { expected } from './scene.ts';

/** The line of an answer that nobody can tell the row of. */
export function withoutId(line: ResultLine): string {
  return JSON.stringify({ ...line, custom_id: undefined });
}

/** The answers to the even rows of the first batch cannot be told apart. */
export const halfUnread: Rewrite = (lines, batch) => ({
  output: lines.map((line) => (batch > 1 || Number(line.custom_id) % 2 === 1 ? line : withoutId(line))),
  errors: null,
});

/** Puts the ids back that the lines of a file lack. */
export function mend(line: string): string {
  if (line.includes('"custom_id"')) return line;
  const id = expected(() => 1).find(({ answer }) => line.includes(JSON.stringify(answer).slice(1, -1)))?.id;
  return line.replace('{', `{"custom_id":"${id}",`);
}
