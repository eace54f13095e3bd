import type { BatchLabel } from '../../core/batch-side.ts';

/** What a new batch is called, so that it is known as ours (contract section 8). */
export function displayNameOf({ pipeline, job, run, chunk, attempt }: BatchLabel): string {
  return ['batchline', pipeline, ...(job === null ? [] : [job]), run, chunk, attempt].join('-');
}

/** Read from its end: a pipeline's name may hold hyphens. */
const displayName =
  /^batchline-(?<pipeline>.+?)(?:-(?<job>[0-9a-f]{16}))?-(?<run>\d{8}-\d{6}-[0-9a-f]{6})-(?<chunk>\d+)-(?<attempt>\d+)$/;

/** Null where the name is none of ours. */
export function labelOf(name: string | null): BatchLabel | null {
  const { pipeline, job, run, chunk, attempt } = displayName.exec(name ?? '')?.groups ?? {};
  if (pipeline === undefined || run === undefined || !(Number(chunk) >= 1)) return null;
  return { pipeline, job: job ?? null, run, chunk: Number(chunk), attempt: Number(attempt) };
}
