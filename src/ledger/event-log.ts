import type { ToldEvent } from '../core/events.ts';

/** An event of a run as the ledger keeps it. */
export type LoggedEvent = ToldEvent & {
  /** Rises from event to event, over all runs. */
  readonly seq: number;
};

/** What happened, for those who look later or from elsewhere. */
export interface EventLog {
  /**
   * Keeps an event of a run, after those that were told before. It survives the death of the process but perhaps not
   * that of the machine, and is lost where it cannot be written: no run ends for want of its events. Never rejects.
   */
  append(told: ToldEvent): Promise<void>;
  /** Forgets the events of runs that ended: those from before then, and all of a run that had ended by then. */
  forgetEvents(before: number): Promise<void>;
}
