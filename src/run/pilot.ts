import { BatchlineError } from '../core/errors.ts';
import type { Collection } from '../job/job.ts';
import type { ChunkRecord } from '../ledger/ledger.ts';
import { rowState } from '../batch/reconciliation.ts';
import { type Expected, Expectations } from '../results/expectations.ts';
import { forgetPilotValues, readPilotValues } from '../load/pilot/pilot-values.ts';
import { judgePilot, type PilotVerdict } from '../load/pilot/verdict.ts';
import type { Gate } from '../send/gate.ts';

/** Keeps back all files but those of the pilot, until these are judged well. */
export class Pilot implements Gate {
  readonly #work: Collection;
  #isOpen: boolean;
  #isJudged = false;
  #looking: Promise<void> = Promise.resolve();
  #opened: () => void = () => {};
  #failed: (error: BatchlineError) => void = () => {};

  private constructor(work: Collection, isOpen: boolean) {
    this.#work = work;
    this.#isOpen = isOpen;
  }

  static async open(work: Collection): Promise<Pilot> {
    const { ledger, run, loaded, pass } = work;
    const { files, isPassed } = await ledger.pilot.standing(run.runId);
    const { rows } = loaded.pipeline.batch.pilot;
    // Whoever takes the pilot out of the file goes on without a verdict, and for good.
    if (rows === 0 && files > 0 && !isPassed && pass.sends) await ledger.pilot.pass(run.runId, Date.now());
    return new Pilot(work, rows === 0 || isPassed || run.kind !== 'run' || pass.cancels);
  }

  /** Whether files are kept back. */
  get holds(): boolean {
    return !this.#isOpen;
  }

  mayLeave({ isPilot }: Pick<ChunkRecord, 'isPilot'>): boolean {
    return this.#isOpen || isPilot === true;
  }

  onOpened(listener: () => void): void {
    this.#opened = listener;
  }

  /** Calls the listener when the pilot is judged badly. */
  onFailed(listener: (error: BatchlineError) => void): void {
    this.#failed = listener;
  }

  /** Judges the pilot as soon as every row of it is loaded, or has failed for good. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#judge());
    return this.#looking;
  }

  async #judge(): Promise<void> {
    const { ledger, run, loaded, host } = this.#work;
    if (this.#isOpen || this.#isJudged) return;
    const { files, requests, open, waiting, others, isRead, ok } = await ledger.pilot.standing(run.runId);
    // Where others were sealed before there was to be a pilot, there is none.
    if (files === 0) return others > 0 ? this.#open() : undefined;
    const isWhole = others > 0 || isRead || requests >= loaded.pipeline.batch.pilot.rows;
    if (!isWhole || open > 0 || waiting > 0) return;
    this.#isJudged = true;
    const verdict = judgePilot({
      ok,
      failures: await ledger.pilot.failures(run.runId),
      expected: await this.#expected(),
      maxFailedRows: loaded.pipeline.max_failed_rows,
    });
    const { rows, failed, complaints } = verdict;
    host.emit({ type: 'PilotJudged', rows, ok, failed, complaints });
    if (complaints.length > 0) return this.#failed(pilotFailed(verdict, run.runId));
    await ledger.pilot.pass(run.runId, Date.now());
    await forgetPilotValues(run.folder);
    this.#open();
  }

  #open(): void {
    this.#isOpen = true;
    this.#opened();
  }

  async #expected(): Promise<readonly Expected[]> {
    const { ledger, run, loaded, prepared, host } = this.#work;
    const { expect } = loaded.pipeline.batch.pilot;
    if (Object.keys(expect).length === 0) return [];
    const { columns, keyNames } = prepared.results;
    const expectations = new Expectations(expect, [...columns.plans.map(({ name }) => name), ...keyNames]);
    const chunks = new Map((await ledger.chunks(run.runId)).map((chunk) => [chunk.chunk, chunk]));
    for await (const row of readPilotValues(run.folder, host.signals.abort))
      if (chunks.get(row.chunk)?.rowStates?.[row.line] === rowState.ok) expectations.note(row);
    return expectations.counted;
  }
}

function pilotFailed({ rows, complaints }: PilotVerdict, runId: string): BatchlineError {
  return new BatchlineError(
    'pilot_failed',
    `The pilot of ${rows} ${rows === 1 ? 'row' : 'rows'} was not good enough, so nothing more is sent; it is paid for and loaded. ${complaints.join('; ')}`,
    {
      where: 'batch.pilot',
      hint: `Mend the request and begin anew with \`pipeline run FILE --new-run\`, which pays for the pilot again; or go on with run ${runId} as it is with \`--set batch.pilot=0\`; or end it with \`pipeline cancel\`.`,
      exitCode: 4,
    },
  );
}
