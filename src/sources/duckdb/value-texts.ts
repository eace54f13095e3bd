const anyTimestamp = /^(\d{4,}-\d\d-\d\d)( \(BC\))? (\d\d:\d\d:\d\d)(?:\.(\d+))?$/;

/**
 * A timestamp of UTC as RFC 3339. The infinities, years before Christ and after 9999 have no such form and are as
 * Postgres prints them.
 *
 * @param text as DuckDB prints it
 * @param zone `+00` where the type has a zone
 */
export function rfc3339(text: string, zone: string): string {
  const printed = postgresTime(text, '');
  return /^\d{4}-[\d-]{5} [\d:.]+$/.test(printed)
    ? `${printed.replace(' ', 'T')}Z`
    : postgresTime(text, zone);
}

/** The same as Postgres prints it, which is a key's text. */
export function postgresTime(text: string, zone: string): string {
  const parts = anyTimestamp.exec(text);
  if (parts === null) return text;
  const [, date = '', era, time = '', fraction = ''] = parts;
  const digits = fraction.replace(/0+$/, '');
  return `${date} ${time}${digits === '' ? '' : `.${digits}`}${zone}${era === undefined ? '' : ' BC'}`;
}

/** A date as Postgres prints it. */
export function postgresDate(text: string): string {
  return text.replace(' (BC)', ' BC');
}

/** The text of a date or time; DuckDB's own module prints the infinities as days that are far away. */
export function timeText(
  cell: { readonly isFinite: boolean; toString(): string },
  count: number | bigint,
): string {
  if (cell.isFinite) return String(cell);
  return count > 0 ? 'infinity' : '-infinity';
}

/** The years that a Date prints with four digits and a double counts in microseconds. */
const [earliest, latest] = [Date.UTC(1685, 0), Date.UTC(2255, 0)].map((ms) => BigInt(ms) * 1000n) as [
  bigint,
  bigint,
];

/** A time as DuckDB prints it, but many times faster; null for times that are far away. */
export function microsText(micros: bigint): string | null {
  if (micros < earliest || micros >= latest) return null;
  const count = Number(micros);
  const ms = Math.floor(count / 1000);
  const iso = new Date(ms).toISOString();
  const rest = String(count - ms * 1000).padStart(3, '0');
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${rest}`;
}

/** The double with the fewest digits that is this 32-bit float: 0.1 and not 0.10000000149011612. */
export function shortFloat(float: number): number {
  // Its sign is lost in digits.
  if (float === 0) return float;
  for (const digits of [6, 7, 8]) {
    const short = Number(float.toPrecision(digits));
    if (Math.fround(short) === float) return short;
  }
  return Number.isFinite(float) ? Number(float.toPrecision(9)) : float;
}
