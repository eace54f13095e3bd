/** A number, or its digits: JSON of protocol buffers writes long integers as texts. Null of anything else. */
export function countOf(value: unknown): number | null {
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
