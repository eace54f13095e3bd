import type { ChunkLimits } from '../core/chunk-limits.ts';

/** What one batch file holds; tokens by the estimate that files are packed by. */
export interface PlannedFile {
  readonly requests: number;
  readonly bytes: number;
  readonly tokens: number;
}

export function sumFiles(files: readonly PlannedFile[]): PlannedFile {
  return files.reduce(
    (sum, { requests, bytes, tokens }) => ({
      requests: sum.requests + requests,
      bytes: sum.bytes + bytes,
      tokens: sum.tokens + tokens,
    }),
    { requests: 0, bytes: 0, tokens: 0 },
  );
}

/** The files of a table that goes on as it began, so many times as much of it. */
export function scaleFiles(
  files: readonly PlannedFile[],
  times: number,
  limits: ChunkLimits,
): readonly PlannedFile[] {
  const read = sumFiles(files);
  const requests = Math.round(read.requests * times);
  if (read.requests === 0 || requests === 0) return [];
  const [bytes, tokens] = [read.bytes / read.requests, read.tokens / read.requests];
  const fit = Math.min(limits.requests, Math.floor(limits.bytes / bytes), Math.floor(limits.tokens / tokens));
  const each = Math.max(1, fit);
  const sizes = Array.from({ length: Math.ceil(requests / each) }, (_, file) =>
    Math.min(each, requests - file * each),
  );
  return sizes.map((size) => ({
    requests: size,
    bytes: Math.round(size * bytes),
    tokens: Math.round(size * tokens),
  }));
}

/** How often a limit on enqueued tokens makes files wait for those before them, and once more. */
export function roundsOf(files: readonly PlannedFile[], enqueued: number): number {
  let rounds = 0;
  let left = 0;
  for (const { tokens } of files) {
    if (rounds === 0 || tokens > left) {
      rounds += 1;
      left = enqueued;
    }
    left -= tokens;
  }
  return rounds;
}
