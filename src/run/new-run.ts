import { randomBytes } from 'node:crypto';
import type { LoadedPipeline } from '../config/load.ts';
import { addressOf, type Fingerprint } from '../job/fingerprint.ts';
import type { Prepared } from '../job/parts.ts';
import type { NewRun, RunKind } from '../ledger/ledger.ts';
import type { RunSelection } from '../ledger/selection.ts';

/** What sets a new run apart from others of its pipeline. */
export interface RunStart {
  readonly runId: string;
  readonly kind: RunKind;
  readonly folder: string;
  readonly print: Fingerprint;
  readonly selection: RunSelection;
}

/** A run as the ledger is told of it. */
export function newRun(
  { name: pipeline, path, target, pipeline: { sink: block } }: LoadedPipeline,
  { sink, schema }: Pick<Prepared, 'sink' | 'schema'>,
  { runId, kind, folder, print, selection }: RunStart,
): NewRun {
  return {
    runId,
    pipeline,
    kind,
    fingerprint: print.hash,
    fingerprintParts: print.parts,
    folder,
    target: sink.target,
    path,
    schema,
    selection: { ...selection, sink: addressOf(block), target },
    startedAt: Date.now(),
  };
}

/** A name that sorts by time: `20261123-142501-1f3a9c`. */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${digits}-${randomBytes(3).toString('hex')}`;
}
