import type { Address } from './address-file.ts';

/** What the process of a spawned emulator is told, as JSON in its first argument. */
export interface ChildOptions {
  readonly dataDir: string;
  readonly latencyMs?: number;
  readonly seed?: number;
  /** Whether a first message brings faults. */
  readonly faultsFollow?: boolean;
}

/** The one message that it sends. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly address: Address }
  | {
      readonly type: 'failed';
      readonly code: string;
      readonly message: string;
      readonly hint: string | undefined;
    };
