import type { ClassifiedResult } from '../../core/batch-result.ts';
import type { DirectSide } from '../../core/direct-side.ts';
import type { BatchlineError } from '../../core/errors.ts';
import type { EventListener } from '../../core/events.ts';
import type { Signals } from '../../core/host.ts';
import type { Pass } from '../../job/job.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { RequestLines } from '../../request/request-lines.ts';
import type { Clock } from './clock.ts';
import type { Heard } from './heard.ts';
import type { Pacer } from './pacer.ts';
import type { Windows } from './windows.ts';

/** What asking lines one by one takes. */
export interface Asking {
  readonly direct: DirectSide;
  readonly lines: RequestLines;
  /** Understands a line of answers, as it understands a batch's. */
  readonly read: (line: Buffer) => ClassifiedResult;
  readonly pacer: Pacer;
  readonly heard: Heard;
  readonly clock: Clock;
  /** The most requests under way at a time. */
  readonly concurrency: number;
  /** What a request is reckoned at, where that matters to its pace. */
  readonly tokensOf: (line: Buffer) => number;
  /** Undefined where requests name none. */
  readonly tier: string | undefined;
  readonly windows: Windows;
  /** Whether what was accepted before was so with another key, whose account may not be this one. */
  readonly isOtherKey?: boolean;
  readonly signals: Signals;
  /** Aborted once the run has failed, wherever: then nothing more is sent. */
  readonly runFailed: AbortSignal;
}

/** What the chunks that are asked line by line need. */
export interface DirectContext extends Asking {
  readonly ledger: Pick<Ledger, 'moveChunk'>;
  readonly account: string;
  readonly folder: string;
  /** Notes durably how long requests took. */
  readonly keepTimes: () => Promise<void>;
  readonly pass: Pass;
  /** Told why nothing more is to be sent. */
  readonly halt: (error: BatchlineError) => void;
  readonly emit: EventListener;
}
