import { BatchlineError } from '../core/errors.ts';
import type { FailedRow, Ledger, RunRecord } from '../ledger/ledger.ts';

/** Rows after which a run is known not to be hopeless (contract section 5). */
const judgedRows = 200;
const examplesShown = 3;

type Failure = Pick<FailedRow, 'code' | 'message'>;

interface Fault {
  count: number;
  readonly examples: string[];
}

/**
 * Notices early that requests cannot be made of most rows: a filter or a template that fails on each is a mistake in the
 * pipeline and not in its rows. Rows that an earlier process read count; what stands in the ledger is then taken for the
 * first 200.
 */
export class RenderBreaker {
  readonly #faults = new Map<string, Fault>();
  #heard = 0;

  /** @throws BatchlineError `breaker` where what was read before is hopeless */
  static async open(ledger: Ledger, { runId }: Pick<RunRecord, 'runId'>): Promise<RenderBreaker> {
    const breaker = new RenderBreaker();
    const { requested } = await ledger.rowCounts(runId);
    for await (const row of ledger.failedRows(runId)) if (row.stage === 'render') breaker.#add(row);
    breaker.#heard = requested;
    breaker.#judge(Math.max(judgedRows, requested));
    return breaker;
  }

  /**
   * Takes in a row that would be sent, or the failure that keeps it from being.
   *
   * @throws BatchlineError `breaker`
   */
  note(failure: Failure | null): void {
    if (this.#heard >= judgedRows) return;
    this.#heard += 1;
    if (failure === null) return;
    this.#add(failure);
    this.#judge(judgedRows);
  }

  #add({ code, message }: Failure): void {
    const fault = this.#faults.get(code) ?? { count: 0, examples: [] };
    fault.count += 1;
    if (fault.examples.length < examplesShown) fault.examples.push(message);
    this.#faults.set(code, fault);
  }

  #judge(rows: number): void {
    for (const [code, { count, examples }] of this.#faults) {
      if (count * 2 > rows) throw tripped(code, count, this.#heard, examples);
    }
  }
}

function tripped(code: string, count: number, heard: number, examples: readonly string[]): BatchlineError {
  const message = `${count} of the first ${heard} rows failed with ${code} before they could be sent, so nothing more is sent. ${examples.join(' | ')}`;
  return new BatchlineError('breaker', message, {
    hint: 'Correct the transform or the template that fails, or go past it with --no-breaker.',
  });
}
