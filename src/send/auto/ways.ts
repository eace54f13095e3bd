import type { ChunkRecord } from '../../ledger/ledger.ts';
import type { Way } from './choose-way.ts';

/** Which way the requests of a run go. */
export interface Ways extends Disposable {
  wayOf(chunk: ChunkRecord): Way;
  /** Whether files wait until it is known which way they go, so that there may be any number of them. */
  readonly isOpen: boolean;
  /** Whether no batch is waited for any longer: those under way are to be cancelled. */
  readonly cutsOver: boolean;
  /** Whether there is no time any more but for requests that are answered as fast as usual. */
  readonly hurries: boolean;
  /** Null where there is no time to keep. */
  readonly deadlineAt: number | null;
  /** Whether new files are asked line by line, and are to be small for it. */
  readonly asks: boolean;
  /** Decides anew. */
  look(): Promise<void>;
  /** Told when another way is open to whatever waits. */
  onOpened(listener: () => void): void;
}

/** All of them one way, but for what has set out on the other one. */
export function oneWay(way: 'batch' | 'standard'): Ways {
  return {
    wayOf: ({ state }) => (state === 'asking' ? 'standard' : state === 'sealed' ? way : 'batch'),
    isOpen: false,
    cutsOver: false,
    hurries: false,
    deadlineAt: null,
    asks: way === 'standard',
    look: async () => {},
    onOpened: () => {},
    [Symbol.dispose]: () => {},
  };
}
