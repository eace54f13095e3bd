import type { WaitingRoom } from '../send/batched/waiting-room.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import type { Host } from '../core/host.ts';
import type { RequestFlags } from './fingerprint.ts';
import type { Delivery, Prepared } from './parts.ts';

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

/** What bringing a run's results home works with; its source may be gone. */
export interface Collection {
  readonly ledger: Ledger;
  readonly run: RunRecord;
  readonly loaded: LoadedPipeline;
  readonly prepared: Delivery;
  readonly host: Host;
  readonly pass: Pass;
  /** Where its chunks wait for the provider; opened by whatever sends or collects them. */
  readonly room?: WaitingRoom;
}

/** Everything that a run works with. */
export interface Execution extends Collection {
  readonly prepared: Prepared;
  readonly flags: RequestFlags;
}
