import type { LoadedPipeline } from '../config/load.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';
import type { Host } from './components.ts';
import type { RequestFlags } from './fingerprint.ts';
import type { Prepared } from './prepared.ts';

/** Everything that a run works with. */
export interface Execution {
  readonly ledger: Ledger;
  readonly run: RunRecord;
  readonly loaded: LoadedPipeline;
  readonly prepared: Prepared;
  readonly flags: RequestFlags;
  readonly host: Host;
}
