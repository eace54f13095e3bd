/** A column that holds a number, or nothing. */
export function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
