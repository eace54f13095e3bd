import type { EventListener } from './events.ts';

/** The two ways in which work is broken off. */
export interface Signals {
  /** Aborted when nothing new is to be begun and what is under way is to be finished; also whenever `abort` is. */
  readonly drain: AbortSignal;
  /** Aborted when everything is to be broken off at once. */
  readonly abort: AbortSignal;
}

/** What a pipeline at work needs of the process that it runs in. */
export interface Host {
  readonly signals: Signals;
  readonly emit: EventListener;
  /** Asks a person; absent where nobody is there to answer. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}
