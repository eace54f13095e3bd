import type { ClientBase } from 'pg';
import type { LoadFailure, LoadMark, LoadOutcome, ResultBatch } from '../../core/sink.ts';
import { tableMark } from '../../core/marked-failures.ts';
import { encodeBinary } from '../../pg/copy-binary-encoder.ts';
import { CopyBuffer } from '../../pg/copy-buffer.ts';
import { asBytes, numbered, type CopyRows, type EncodedRows } from '../../pg/copy-column.ts';
import { encodeText } from '../../pg/copy-text-encoder.ts';
import { quoteTable } from '../../pg/identifier.ts';
import { copyIn, rollBack } from './copy-in.ts';
import type { ConnectionPool } from './connection-pool.ts';
import { deletePiecesSql, pieceCounts } from './delete-pieces.ts';
import { KeyCollisions, type KeyedTable } from '../keys/key-collisions.ts';
import { loadWithoutFaulty } from './isolate-rows.ts';
import { earlierOutcome, insertMark, isMarked, keepFailures, keptFailures, marksOf } from './load-marks.ts';
import { copyRows, isBinary, type LoadPlan } from './load-plan.ts';
import { loadScript, type RowRange } from './load-statements.ts';
import { collision } from '../keys/collision.ts';
import { isRowFault } from './row-fault.ts';
import { updateRows, updateSteps } from './update-rows.ts';

/** Loads batches, each in one transaction, and keeps the buffers that they are encoded into. */
export class BatchLoader {
  readonly #pool: ConnectionPool;
  readonly #plan: LoadPlan;
  readonly #collisions: KeyCollisions;
  readonly #buffers: CopyBuffer[] = [];

  constructor(pool: ConnectionPool, plan: LoadPlan, keyed: KeyedTable, stateDir: string) {
    this.#collisions = new KeyCollisions(keyed, stateDir);
    this.#pool = pool;
    this.#plan = plan;
  }

  /** In one transaction, or where rows are updated, which may be repeated at will, in several short ones. */
  async load(rows: ResultBatch, given: LoadMark): Promise<LoadOutcome> {
    const mark = tableMark(given, quoteTable(this.#plan.table));
    if (this.#plan.mode !== 'update') return this.#loadFirstOfKey(rows, mark);
    const failures: LoadFailure[] = [];
    let cleaned = 0;
    for (const { from, step } of updateSteps(rows)) {
      const outcome = await this.#loadFirstOfKey(step, mark);
      failures.push(...outcome.failures.map((failure) => ({ ...failure, row: from + failure.row })));
      cleaned += outcome.cleaned;
    }
    return { failures, cleaned };
  }

  #loadFirstOfKey(rows: ResultBatch, mark: LoadMark): Promise<LoadOutcome> {
    // Rows are only added in insert mode, and an index on the key speaks up by itself.
    if (this.#plan.mode === 'insert') return this.#loadAtOnce(rows, mark, []);
    return this.#collisions.load(rows, mark.runId, (without) => this.#loadAtOnce(rows, mark, without));
  }

  /** Notes keys whose rows stand in the target since an earlier run. */
  async noteUnchanged(keys: readonly (readonly string[])[], runId: string): Promise<void> {
    if (this.#plan.mode !== 'insert') await this.#collisions.note(keys, runId);
  }

  [Symbol.dispose](): void {
    this.#collisions[Symbol.dispose]();
  }

  /** Encodes before it begins, so that the server never waits within a transaction. */
  async #loadAtOnce(
    rows: ResultBatch,
    mark: LoadMark,
    colliding: readonly LoadFailure[],
  ): Promise<LoadOutcome> {
    const known = new Set(colliding.map(({ row }) => row));
    const collisions = [...colliding, ...equalKeys(rows).filter(({ row }) => !known.has(row))];
    const staged = copyRows(this.#plan, rows, new Set(collisions.map(({ row }) => row)));
    const buffer = this.#buffers.pop() ?? new CopyBuffer();
    try {
      buffer.clear();
      const binary = isBinary(staged);
      const { refused, cleaned } = encode(this.#plan, staged, buffer, binary);
      const batch = { rows, mark, staged, buffer, binary, faulty: [...collisions, ...refused] };
      const loaded = await this.#pool.use('load rows', (client) => this.#loadEncoded(client, batch));
      return { ...loaded, failures: loaded.failures.toSorted((a, b) => a.row - b.row), cleaned };
    } finally {
      // A connection that broke may still hold blocks of the buffer, but nobody reads them any more.
      this.#buffers.push(buffer);
    }
  }

  async #loadEncoded(client: ClientBase, batch: EncodedBatch): Promise<Loaded> {
    try {
      return { failures: [...batch.faulty, ...(await this.#loadScript(client, batch))] };
    } catch (error) {
      await rollBack(client);
      if (isMarked(error)) return this.#earlier(client, batch);
      if (!isRowFault(error) && !(error instanceof RowsLeftOut)) throw error;
      return this.#loadRowsThatCan(client, batch);
    }
  }

  async #loadScript(client: ClientBase, batch: EncodedBatch): Promise<readonly LoadFailure[]> {
    const staging = batch.binary ? 'binary' : 'typed';
    if (this.#plan.mode === 'update')
      return updateRows(client, this.#plan, staging, batch.buffer, keysOf(batch.rows));
    const { rows, buffer } = batch;
    const last = this.#deletion(batch, { from: 0, to: rows.length }, new Set());
    const written = await copyIn(client, loadScript(this.#plan, staging, this.#first(batch), last), buffer);
    if (this.#plan.counts && written !== rows.length - batch.faulty.length) throw new RowsLeftOut();
    if (this.#plan.commitsApart) await client.query('COMMIT');
    return [];
  }

  async #loadRowsThatCan(client: ClientBase, batch: EncodedBatch): Promise<Loaded> {
    batch.buffer.clear();
    encodeText(numbered(asBytes(batch.staged)), batch.buffer);
    try {
      const { rows, mark, buffer } = batch;
      const refused = await loadWithoutFaulty(client, this.#plan, {
        rows: rows.length,
        keyOf: keysOf(rows),
        absent: batch.faulty.map(({ row }) => row),
        buffer,
        first: this.#first(batch),
        last: (range, without) => this.#deletion(batch, range, without),
      });
      const failures = [...batch.faulty, ...refused];
      if (this.#plan.mode === 'insert')
        await keepFailures(client, marksOf(this.#plan.table), mark, keptFailures(rows, failures));
      await client.query('COMMIT');
      return { failures };
    } catch (error) {
      await rollBack(client);
      // Between the two attempts another process may have loaded the batch.
      if (isMarked(error)) return this.#earlier(client, batch);
      throw error;
    }
  }

  #earlier(client: ClientBase, { mark, rows }: EncodedBatch): Promise<Loaded> {
    return earlierOutcome(client, marksOf(this.#plan.table), mark, rows);
  }

  /** Deletes what the target holds of records beyond their last piece, where their first is loaded. */
  #deletion({ rows, faulty }: EncodedBatch, range: RowRange, without: ReadonlySet<number>): string | null {
    if (!this.#plan.deletesPieces) return null;
    const unfit = without.union(new Set(faulty.map(({ row }) => row)));
    return deletePiecesSql(this.#plan, pieceCounts(rows, range, unfit));
  }

  #first({ mark, rows, faulty }: EncodedBatch): readonly string[] {
    if (this.#plan.mode !== 'insert') return [];
    return [insertMark(marksOf(this.#plan.table), mark, keptFailures(rows, faulty))];
  }
}

/** The statement wrote fewer rows than were staged, and it is not known yet which. */
class RowsLeftOut extends Error {}

type Loaded = Pick<LoadOutcome, 'failures' | 'standing'>;

interface EncodedBatch {
  readonly rows: ResultBatch;
  readonly mark: LoadMark;
  readonly staged: CopyRows;
  readonly buffer: CopyBuffer;
  readonly binary: boolean;
  /** Rows that were found unfit before anything was sent. */
  readonly faulty: readonly LoadFailure[];
}

export function encode(plan: LoadPlan, rows: CopyRows, buffer: CopyBuffer, binary: boolean): EncodedRows {
  const staged = plan.mode === 'update' ? numbered(rows) : rows;
  return binary ? encodeBinary(staged, buffer) : encodeText(staged, buffer);
}

/** Rows whose key has the same text as that of an earlier row; keys that only the server finds equal it reports. */
function equalKeys(rows: ResultBatch): LoadFailure[] {
  const seen = new Set<string>();
  const failures: LoadFailure[] = [];
  for (let row = 0; row < rows.length; row += 1) {
    const key = keyOf(rows, row);
    if (seen.has(key)) failures.push({ row, ...collision(keysOf(rows)(row), keysOf(rows)(row)) });
    seen.add(key);
  }
  return failures;
}

function keysOf({ keys }: ResultBatch): (row: number) => readonly string[] {
  return (row) => keys.map((part) => part[row] ?? '');
}

function keyOf(rows: ResultBatch, row: number): string {
  const { keys } = rows;
  return keys.length === 1 ? (keys[0]?.[row] ?? '') : JSON.stringify(keys.map((column) => column[row]));
}
