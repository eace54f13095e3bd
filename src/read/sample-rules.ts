import type { LoadedPipeline } from '../config/load.ts';
import { BatchlineError } from '../core/errors.ts';
import type { RequestFlags } from '../job/fingerprint.ts';

/** What does not go with `--sample`, or not without it. @throws BatchlineError */
export function checkSample({ pipeline }: LoadedPipeline, { sample, seed, limit }: RequestFlags): void {
  if (sample === undefined) {
    if (seed !== undefined) refuse('--seed says which rows --sample draws.', 'Add --sample N.');
    return;
  }
  if (limit !== undefined) refuse('--sample and --limit cannot go together.', 'Keep one of the two.');
  if (pipeline.source['path'] !== '-') return;
  refuse('--sample reads the source twice, which standard input does not allow.', 'Save it to a file.');
}

function refuse(message: string, hint: string): never {
  throw new BatchlineError('bad_sample', message, { hint, exitCode: 2 });
}
