import type { Value } from '../core/value.ts';

/**
 * Reads the text form of a Postgres array, `{1,NULL,"a b",{2,3}}`, with bounds before it or without
 * (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO). Only what the server itself prints is expected.
 *
 * @param delimiter what stands between elements: a comma but for `box`
 */
export function parseArrayLiteral(
  literal: string,
  delimiter: string,
  element: (text: string) => Value,
): readonly Value[] {
  let at = literal.indexOf('{');
  return list();

  /** Reads a list whose opening brace stands at `at`. */
  function list(): readonly Value[] {
    const values: Value[] = [];
    at += 1;
    while (literal[at] !== '}') {
      if (at >= literal.length) throw new SyntaxError(`array literal without an end: ${literal}`);
      values.push(item());
      if (literal[at] === delimiter) at += 1;
    }
    at += 1;
    return values;
  }

  function item(): Value {
    if (literal[at] === '{') return list();
    if (literal[at] === '"') return element(quoted());
    const start = at;
    while (at < literal.length && literal[at] !== delimiter && literal[at] !== '}') at += 1;
    const text = literal.slice(start, at);
    return text === 'NULL' ? null : element(text);
  }

  function quoted(): string {
    let text = '';
    for (at += 1; literal[at] !== '"' && at < literal.length; at += 1) {
      if (literal[at] === '\\') at += 1;
      text += literal[at];
    }
    at += 1;
    return text;
  }
}
