import { BatchlineError } from '../core/errors.ts';

/** A table's name as Postgres holds it: unquoted parts are folded to lower case already. */
export interface TableName {
  /** Undefined where the search path decides. */
  readonly schema: string | undefined;
  readonly table: string;
}

/** A name as an SQL identifier, always in quotes, so that case and reserved words do not matter. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL string literal that means the same under either setting of standard_conforming_strings. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return text.includes('\\') ? ` E${quoted}` : quoted;
}

export function quoteTable(name: TableName): string {
  const table = quoteIdentifier(name.table);
  return name.schema === undefined ? table : `${quoteIdentifier(name.schema)}.${table}`;
}

const bare = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/;
const quoted = /^"((?:[^"]|"")+)"/;

/**
 * Reads `table`, `schema.table` or their quoted forms as Postgres would: parts without quotes are folded to lower
 * case, a quoted part is taken as it is and may hold dots.
 *
 * @throws BatchlineError `bad_table_name`
 */
export function parseTableName(text: string): TableName {
  const parts: string[] = [];
  let rest = text.trim();
  do {
    const { part, length } = takePart(rest) ?? fail(text);
    parts.push(part);
    rest = rest.slice(length);
    if (rest !== '' && !/^\../.test(rest)) fail(text);
    rest = rest.slice(1);
  } while (rest !== '');
  const [first, second, third] = parts;
  if (first === undefined || third !== undefined) fail(text);
  return second === undefined ? { schema: undefined, table: first } : { schema: first, table: second };
}

function takePart(text: string): { part: string; length: number } | undefined {
  const inQuotes = quoted.exec(text);
  if (inQuotes?.[1] !== undefined)
    return { part: inQuotes[1].replaceAll('""', '"'), length: inQuotes[0].length };
  const word = bare.exec(text)?.[0];
  // Postgres folds ASCII letters alone.
  return word === undefined
    ? undefined
    : { part: word.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()), length: word.length };
}

function fail(text: string): never {
  throw new BatchlineError('bad_table_name', `"${text}" is not the name of a table`, {
    hint: 'Write table or schema.table; put a name with capitals or other characters in double quotes.',
  });
}

/** A table's name as a person would write it: quotes only where Postgres needs them. */
export function displayTable(name: TableName): string {
  const parts = name.schema === undefined ? [name.table] : [name.schema, name.table];
  return parts.map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : quoteIdentifier(part))).join('.');
}
