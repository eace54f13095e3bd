import type { LoadFailure } from '../../core/sink.ts';

/** A row whose key, as the target has it, is that of a row that was there before. */
export function collision(key: readonly string[], earlier: readonly string[]): Omit<LoadFailure, 'row'> {
  const [own, other] = [key, earlier].map((parts) => JSON.stringify(parts.length === 1 ? parts[0] : parts));
  const message = `the key ${own} is one with the key ${other} of an earlier row, as the sink's key columns compare them`;
  return { code: 'sink_key_collision', message };
}
