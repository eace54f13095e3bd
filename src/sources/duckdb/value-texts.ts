const plainTimestamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?$/;

/**
 * A timestamp of UTC as RFC 3339. The infinities, years before Christ and after 9999 have no such form and stay as they
 * are.
 *
 * @param text as DuckDB prints it
 */
export function fullDates(text: string): string {
  return rewritten(text, 'T', 'Z');
}

/** The same as Postgres prints it, which is a key's text. @param zone `+00` where the type has a zone */
export function dateText(cell: unknown, zone = ''): string {
  return rewritten(String(cell), ' ', zone);
}

function rewritten(text: string, separator: string, end: string): string {
  const parts = plainTimestamp.exec(text);
  if (parts === null) return text;
  const [, date = '', time = '', fraction = ''] = parts;
  const digits = fraction.replace(/0+$/, '');
  return `${date}${separator}${time}${digits === '' ? '' : `.${digits}`}${end}`;
}

/** The double with the fewest digits that is this 32-bit float: 0.1 and not 0.10000000149011612. */
export function shortFloat(float: number): number {
  for (const digits of [6, 7, 8]) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return Number.isFinite(float) ? Number(float.toPrecision(9)) : float;
}
