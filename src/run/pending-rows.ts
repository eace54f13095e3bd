import { chunkFiles } from '../batch/chunk-files.ts';
import { ChunkRows } from '../batch/chunk-rows.ts';
import { rowState } from '../batch/reconciliation.ts';
import { exists } from '../files/exists.ts';
import {
  supersededCode,
  type ChunkRecord,
  type FailedRow,
  type LedgerReader,
  type RunRecord,
} from '../ledger/ledger.ts';
import { retriedAnswerCodes } from '../load/delivery.ts';
import { describeUnread } from '../load/held-results.ts';

/** A row that waits, told as a failed one is: with the reason for which it has no answer yet. */
export type PendingRow = Pick<
  FailedRow,
  'key' | 'customId' | 'stage' | 'code' | 'message' | 'attempts' | 'batchId'
>;

/** The rows of a run that have been sent and wait to be sent again, and those that are held, file by file. */
export async function* pendingRows(ledger: LedgerReader, run: RunRecord): AsyncGenerator<PendingRow> {
  const chunks = new Map((await ledger.chunks(run.runId)).map((chunk) => [chunk.chunk, chunk]));
  yield* waitingRows(ledger, run, chunks);
  for (const chunk of chunks.values()) if (chunk.unread !== null) yield* heldRows(run, chunk);
}

async function* waitingRows(
  ledger: LedgerReader,
  { runId, folder }: RunRecord,
  chunks: ReadonlyMap<number, ChunkRecord>,
): AsyncGenerator<PendingRow> {
  await using files = new RowsFiles(folder);
  for await (const row of ledger.waitingRows(runId)) {
    const { customId, code, message, attempts, line } = row;
    const chunk = chunks.get(row.chunk);
    // It was never sent: its file was too large.
    if (chunk === undefined || code === supersededCode) continue;
    yield {
      key: await files.keyOf(chunk, line, customId),
      customId,
      stage: retriedAnswerCodes.has(code) ? 'answer' : 'request',
      code,
      message,
      attempts,
      batchId: chunk.batchId,
    };
  }
}

async function* heldRows({ folder }: RunRecord, chunk: ChunkRecord): AsyncGenerator<PendingRow> {
  const path = chunkFiles(folder, chunk.chunk).rows;
  if (chunk.unread === null || chunk.rowStates === null || !(await exists(path))) return;
  const message = describeUnread(chunk.unread, chunk.chunk);
  using rows = await ChunkRows.open(path, chunk.requests);
  for (const [line, state] of chunk.rowStates.entries()) {
    if (state !== rowState.held) continue;
    const { customId, key } = rows.row(line);
    yield {
      key,
      customId,
      stage: 'request',
      code: 'unreadable_results',
      message,
      attempts: 0,
      batchId: chunk.batchId,
    };
  }
}

/** The rows files of a run, of which one is open at a time. */
class RowsFiles implements AsyncDisposable {
  readonly #folder: string;
  #open: { readonly chunk: number; readonly rows: ChunkRows | null } | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns the row's id in its key's place where the file is gone */
  async keyOf({ chunk, requests }: ChunkRecord, line: number, customId: string): Promise<readonly string[]> {
    if (this.#open?.chunk !== chunk) {
      this.#open?.rows?.[Symbol.dispose]();
      const path = chunkFiles(this.#folder, chunk).rows;
      this.#open = { chunk, rows: (await exists(path)) ? await ChunkRows.open(path, requests) : null };
    }
    return this.#open.rows?.row(line).key ?? [customId];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open?.rows?.[Symbol.dispose]();
  }
}
