/** A text as an SQL string literal of DuckDB, where a backslash is a character like any other. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
