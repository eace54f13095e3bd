import type { BatchSide, LineFault } from '../../core/batch-side.ts';
import type { EventListener } from '../../core/events.ts';
import type { Signals } from '../../core/host.ts';
import type { RequestBlock } from '../../core/request-block.ts';
import type { Pass } from '../../job/job.ts';
import type { ChunkRecord, Ledger } from '../../ledger/ledger.ts';
import type { RequestLines } from '../../request/request-lines.ts';
import type { Ways } from '../auto/ways.ts';
import type { FileLimit } from '../../batch/file-limit.ts';
import type { WholeRefusals } from './refusal.ts';
import type { WaitingRoom } from './waiting-room.ts';

/** What the steps of a chunk on its way through a batch need. */
export interface BatchContext {
  readonly ledger: Pick<
    Ledger,
    'moveChunk' | 'noteGone' | 'batchRuns' | 'adoptBatch' | 'noteBatchStatus' | 'auto' | 'forecast'
  >;
  readonly batches: BatchSide;
  /** The account's fingerprint. */
  readonly account: string;
  /** Who answers, by whom past batches are told apart. */
  readonly providerName: string;
  readonly pipeline: string;
  /** What sets the pipeline apart from others of its name. */
  readonly job: string;
  readonly runId: string;
  readonly folder: string;
  /** Of the pipeline's file. */
  readonly path: string;
  readonly request: RequestBlock;
  readonly lines: RequestLines;
  readonly completionWindow: string;
  /** Milliseconds after which the provider deletes the files. */
  readonly expiresAfterMs: number;
  /** What is done with a batch that has not ended long after its time. */
  readonly late: 'cancel' | 'wait';
  /** The first wait between two looks at a batch, in milliseconds. */
  readonly lookMs: number;
  /** Milliseconds until a second look for what a first look did not show. */
  readonly settleMs: number;
  readonly pass: Pass;
  readonly ways: Pick<Ways, 'cutsOver'>;
  /** Where chunks wait until the provider takes another batch. */
  readonly room: WaitingRoom;
  /** The most bytes that a file may have, as set. */
  readonly maxBytes: number;
  /** Records what became of a file's rows that were not run. */
  readonly unsent: UnsentRows;
  readonly refusals: WholeRefusals;
  /** A drain breaks off whatever can be done again for nothing, an abort even a create that is under way. */
  readonly signals: Signals;
  readonly emit: EventListener;
}

export interface UnsentRows {
  /** Fails the lines that the provider refused and sets the others free. */
  refused(chunk: ChunkRecord, lines: ReadonlyMap<number, LineFault>): Promise<ChunkRecord>;
  /** Gives up a file that is too large, so that its rows move to smaller ones. */
  superseded(chunk: ChunkRecord, limit: FileLimit): Promise<ChunkRecord>;
}
