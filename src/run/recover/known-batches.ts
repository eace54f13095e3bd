import type { ChunkRecord, Ledger } from '../../ledger/ledger.ts';
import type { LabelledBatch } from './strangers.ts';

/** In these states a chunk has never been in a batch, as far as the ledger knows. */
const unsent: ReadonlySet<ChunkRecord['state']> = new Set(['sealed', 'uploading', 'uploaded', 'superseded']);

/** Which of the provider's batches a ledger knows, or has been told to pass by. */
export class KnownBatches {
  readonly #ledger: Ledger;
  readonly #adopted: ReadonlySet<string>;
  readonly #passedBy: ReadonlySet<string>;
  readonly #chunks = new Map<string, readonly ChunkRecord[]>();

  private constructor(ledger: Ledger, adopted: ReadonlySet<string>, passedBy: ReadonlySet<string>) {
    this.#ledger = ledger;
    this.#adopted = adopted;
    this.#passedBy = passedBy;
  }

  static async open(ledger: Ledger, pipeline: string): Promise<KnownBatches> {
    const adopted = new Set<string>();
    const passedBy = new Set<string>();
    for (const { runId, selection } of await ledger.runs(pipeline)) {
      for (const id of selection.passedBy ?? []) passedBy.add(id);
      if (selection.isAdopted !== true) continue;
      for (const { batchId } of await ledger.chunks(runId)) if (batchId !== null) adopted.add(batchId);
    }
    return new KnownBatches(ledger, adopted, passedBy);
  }

  /** Asked anew each time: another process may have begun a run meanwhile. */
  async hasRun(runId: string): Promise<boolean> {
    return (await this.#ledger.run(runId)) !== null;
  }

  hasBatch(id: string): boolean {
    return this.#adopted.has(id) || this.#passedBy.has(id);
  }

  async has(batch: LabelledBatch): Promise<boolean> {
    return this.#passedBy.has(batch.id) || (await this.belongs(batch));
  }

  /** A run may be known without one of its batches, where the ledger is an older copy of itself. */
  async belongs({ id, label }: LabelledBatch): Promise<boolean> {
    if (this.#adopted.has(id)) return true;
    if (!(await this.hasRun(label.run))) return false;
    const chunks = this.#chunks.get(label.run) ?? (await this.#ledger.chunks(label.run));
    this.#chunks.set(label.run, chunks);
    const chunk = chunks.find((one) => one.chunk === label.chunk);
    return chunk !== undefined && (chunk.attempt > label.attempt || !unsent.has(chunk.state));
  }
}
