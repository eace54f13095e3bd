import type { LoadedPipeline } from '../config/load.ts';
import type { BatchlineError } from '../core/errors.ts';
import type { ChunkRecord, Ledger, RunRecord } from '../ledger/ledger.ts';
import type { Host } from '../core/host.ts';
import type { RequestFlags } from './fingerprint.ts';
import type { Delivery, LoadParts, Prepared } from './parts.ts';

/** How far a process takes a run. */
export interface Pass {
  /** Whether it waits for batches to end; otherwise it looks at each once. */
  readonly waits: boolean;
  /** Whether it reads on and sends; otherwise it only brings home what is at the provider. */
  readonly sends: boolean;
  /** Whether it cancels what is under way at the provider. */
  readonly cancels: boolean;
  /** Whether batches that the provider does not know count as lost, so that their rows are sent again. */
  readonly takesLost: boolean;
  /** Whether it stops sending when most answers fail with one code. */
  readonly breaks: boolean;
}

/** The usual pass: to the end. */
export const wholePass: Pass = { waits: true, sends: true, cancels: false, takesLost: false, breaks: true };

/** What loading a run's answers works with; its source may be gone. */
export interface Loading {
  readonly ledger: Ledger;
  readonly run: RunRecord;
  readonly loaded: LoadedPipeline;
  readonly prepared: LoadParts;
  readonly host: Host;
}

/** What bringing a run's results home works with. */
export interface Collection extends Loading {
  readonly prepared: Delivery;
  readonly pass: Pass;
  /** Told of each chunk that stays where it is, since a step of it failed; without a listener that ends the pass. */
  readonly leave?: (chunk: ChunkRecord, error: BatchlineError) => void;
}

/** What reading a run's source works with. */
export interface Reading extends Loading {
  readonly prepared: Prepared;
  readonly flags: RequestFlags;
}

/** Everything that a run works with. */
export interface Execution extends Collection, Reading {
  readonly prepared: Prepared;
}
