import type { Collection, Reading } from '../job/job.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import type { Gate } from '../send/gate.ts';
import { confirmationMissing } from './confirmation-missing.ts';
import { countSource } from './count-source.ts';
import { isUnsent, runOutlook, type RunOutlook } from './run-outlook.ts';
import { TokenSample } from './token-sample.ts';
import { tokenizerOf } from './tokenizer.ts';

/** Fewer than for a plan, since the first file waits for it. */
const sampledRequests = 400;

/** No file waits longer to be sent for the sake of the source's number of rows. */
const countWithinMs = 2000;

/**
 * What a run is about to send is told once, before any of it is sent. Where the file asks for it, and it costs more than
 * the file allows without asking, nothing is sent before somebody has agreed.
 */
export class RunPlan implements Gate {
  readonly tally: TokenSample;
  readonly #work: Collection;
  readonly #rows: Promise<number | null>;
  readonly #listeners: (() => void)[] = [];
  #isOpen: boolean;
  #isTold = false;

  private constructor(work: Collection, rows: Promise<number | null>, isOpen: boolean) {
    const { encoding } = tokenizerOf(work.loaded.pipeline);
    const lines = work.prepared.requestLines;
    this.tally = new TokenSample({ lines, encoding, size: sampledRequests });
    this.#work = work;
    this.#rows = rows;
    this.#isOpen = isOpen;
  }

  static async open(work: Collection): Promise<RunPlan> {
    const { ledger, run, loaded, pass } = work;
    const isAsked = loaded.pipeline.budget.confirm_above !== undefined && pass.sends && !pass.cancels;
    const isOpen = !isAsked || (await ledger.confirmations.isConfirmed(run.runId));
    return new RunPlan(work, rowsOf(work), isOpen);
  }

  /** Rows that are sent again belong to what was agreed to. */
  mayLeave({ origin }: Pick<ChunkRecord, 'origin'>): boolean {
    return this.#isOpen || origin === 'retry';
  }

  onOpened(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Before a file that may leave is sent. */
  async beforeSending(): Promise<void> {
    if (this.#isOpen) await this.#tell();
  }

  /**
   * Once no more is read before something is sent.
   *
   * @throws BatchlineError `unconfirmed`
   */
  async decide(): Promise<void> {
    const outlook = await this.#tell();
    if (this.#isOpen || outlook === null) return this.#open();
    const { ledger, run, host, loaded } = this.#work;
    const { confirm_above: most = 0 } = loaded.pipeline.budget;
    const { expectedUsd } = outlook;
    if (expectedUsd === null || expectedUsd > most) {
      const missing = confirmationMissing(loaded, expectedUsd, most);
      if ((await host.confirm?.(missing.question)) !== true) throw missing.error;
      await ledger.confirmations.confirm(run.runId, Date.now());
    }
    this.#open();
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    for (const listener of this.#listeners) listener();
  }

  /** @returns null where there is nothing to send, or it is not to be told again */
  async #tell(): Promise<RunOutlook | null> {
    const { ledger, run, pass, host } = this.#work;
    if ((this.#isTold && this.#isOpen) || !pass.sends || pass.cancels) return null;
    const chunks = await ledger.chunks(run.runId);
    if (!chunks.some((chunk) => chunk.origin === 'read' && isUnsent(chunk))) return null;
    const outlook = await runOutlook(this.#work, this.tally.count(), await this.#rows);
    if (!this.#isTold) host.emit({ type: 'PlanMade', ...outlook.line });
    this.#isTold = true;
    return outlook;
  }
}

/** How many rows a run reads; asked while it reads, where its first files are sent before the last rows are read. */
async function rowsOf(work: Collection): Promise<number | null> {
  if (!isReading(work)) return null;
  const { run, prepared, flags, host } = work;
  if (run.readingFinished || !prepared.source.resumable || run.selection.sample !== undefined) return null;
  const { window } = run.selection;
  const rows = await countSource(prepared.source, {
    window,
    signal: host.signals.drain,
    withinMs: countWithinMs,
    readsFiles: false,
  }).catch(() => null);
  return rows === null ? null : Math.min(rows, flags.limit ?? Infinity);
}

function isReading(work: Collection): work is Collection & Reading {
  return 'source' in work.prepared;
}
