import type { TextFile } from '../file/input-text.ts';
import type { TextFault } from '../file/text-chunks.ts';
import type { PackedRecords } from './packed-records.ts';
import type { ParsePlan } from './parse-text.ts';

/** What the thread that parses a file is started with. */
export interface ParseTask {
  readonly file: TextFile;
  readonly plan: ParsePlan;
  /** One number, shared: how many blocks were sent that are not consumed yet. */
  readonly inFlight: Int32Array<SharedArrayBuffer>;
}

export type WorkerMessage =
  | { readonly type: 'records'; readonly records: PackedRecords }
  | { readonly type: 'fault'; readonly fault: TextFault }
  /** A BatchlineError in parts, since an error's class does not pass from thread to thread. */
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly where: string | undefined;
      readonly hint: string | undefined;
    };
