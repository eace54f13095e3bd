import { BatchlineError } from '../core/errors.ts';
import type { Ledger, RunRecord } from '../ledger/ledger.ts';

/** Answers after which a run is known not to be hopeless (contract section 5). */
const judgedAnswers = 200;
const examplesShown = 3;

interface Fault {
  count: number;
  readonly examples: string[];
}

/**
 * Notices early that a run is hopeless: when more than half of the first 200 answers fail with one code, nothing more is
 * to be sent. Answers of an earlier process count; what stands in the ledger is then taken for the first 200.
 */
export class Breaker {
  readonly #faults = new Map<string, Fault>();
  #heard = 0;
  #error: BatchlineError | null = null;
  #listener: (error: BatchlineError) => void = () => {};

  static async open(ledger: Ledger, run: RunRecord): Promise<Breaker> {
    const breaker = new Breaker();
    await breaker.#recall(ledger, run);
    return breaker;
  }

  /** Calls the listener once it is known that the run is hopeless, at once where it is already. */
  onTripped(listener: (error: BatchlineError) => void): void {
    this.#listener = listener;
    if (this.#error !== null) listener(this.#error);
  }

  /** Takes in an answer: one that can be used, or one that failed with a code. */
  note(failure: { readonly customId: string; readonly code: string; readonly message: string } | null): void {
    if (this.#heard >= judgedAnswers) return;
    this.#heard += 1;
    if (failure === null) return;
    this.#add(failure);
    this.#judge(judgedAnswers);
  }

  async #recall(ledger: Ledger, { runId }: RunRecord): Promise<void> {
    const { ok, failed } = await ledger.rowCounts(runId);
    for await (const row of ledger.failedRows(runId)) {
      if (row.stage !== 'render' && row.attempts > 0) this.#add(row);
    }
    this.#heard = ok + failed;
    this.#judge(Math.max(judgedAnswers, this.#heard));
  }

  #add({ customId, code, message }: { customId: string; code: string; message: string }): void {
    const fault = this.#faults.get(code) ?? { count: 0, examples: [] };
    fault.count += 1;
    if (fault.examples.length < examplesShown) fault.examples.push(`${customId}: ${message}`);
    this.#faults.set(code, fault);
  }

  #judge(answers: number): void {
    for (const [code, { count, examples }] of this.#faults) {
      if (this.#error !== null || count * 2 <= answers) continue;
      this.#error = tripped(code, count, this.#heard, examples);
      this.#listener(this.#error);
    }
  }
}

function tripped(code: string, count: number, heard: number, examples: readonly string[]): BatchlineError {
  return new BatchlineError(
    'breaker',
    `${count} of the first ${heard} answers failed with ${code}, so nothing more is sent; what was under way is loaded. ${examples.join(' | ')}`,
    {
      hint: 'Correct the cause and end this run with `pipeline cancel`, or go past it with --no-breaker.',
      exitCode: 1,
    },
  );
}
