import type { ChunkRecord } from '../ledger/ledger.ts';

/** Keeps sealed files back that are not to be sent yet. What has set out once is never kept back. */
export interface Gate {
  mayLeave(chunk: ChunkRecord): boolean;
  /** Told when more may leave than before. */
  onOpened(listener: () => void): void;
}
