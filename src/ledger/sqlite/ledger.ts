import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { ToldEvent } from '../../core/events.ts';
import type { ChunkEvent } from '../chunk-state.ts';
import type { LoggedEvent } from '../event-log.ts';
import type { FollowersOutcome } from '../follower-ledger.ts';
import { isEnded, supersededCode } from '../ledger.ts';
import type {
  AdoptedBatch,
  AdoptedChunk,
  PlacedOutcome,
  ChunkPatch,
  ChunkPlace,
  ChunkRecord,
  FailedRow,
  Ledger,
  NewChunk,
  NewRun,
  ReadCommit,
  ReloadOutcome,
  RetryQueue,
  RowCounts,
  RunRecord,
  UnfinishedRow,
} from '../ledger.ts';
import {
  readingValues,
  runValues,
  toChunk,
  toRowCounts,
  toRetryQueue,
  toRun,
  toUnfinishedRow,
} from './records.ts';
import type { RoomState } from '../room.ts';
import type { ClaimedRoom, RefusedRoom, RoomClaim, RoomScope } from '../room-ledger.ts';
import { SqliteAnswers } from './answers.ts';
import { SqliteAuto } from './auto.ts';
import { SqliteConfirmations } from './confirmations.ts';
import * as chunks from './chunks.ts';
import { deleteEvents, readEvents, SqliteEvents } from './events.ts';
import { migrate } from './schema.ts';
import * as failed from './failed-rows.ts';
import { SqliteForecast } from './forecast.ts';
import * as follow from './followers.ts';
import { addNotice, SqliteNotices } from './notices.ts';
import * as results from './results.ts';
import * as room from './room.ts';
import { SqliteWatermarks } from './watermarks.ts';
import { requireFile } from './still-there.ts';
import { inTransaction, write } from './write.ts';
import * as sql from './statements.ts';

/** Opened by `openSqliteLedger`. */
export class SqliteLedger implements Ledger {
  readonly watermarks: SqliteWatermarks;
  readonly auto: SqliteAuto;
  readonly forecast: SqliteForecast;
  readonly answers: SqliteAnswers;
  readonly notices: SqliteNotices;
  readonly confirmations: SqliteConfirmations;
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #events: SqliteEvents;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    // FULL: a commit is on disk before the call returns, so that an intent survives a power cut.
    database.exec('PRAGMA synchronous = FULL');
    migrate(database);
    this.watermarks = new SqliteWatermarks(database);
    this.auto = new SqliteAuto(database);
    this.forecast = new SqliteForecast(database);
    this.answers = new SqliteAnswers(database);
    this.notices = new SqliteNotices(database);
    this.confirmations = new SqliteConfirmations(database);
    this.#events = new SqliteEvents(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events.close();
    this.#database.close();
  }

  async requireThere(): Promise<void> {
    requireFile(this.#database);
  }

  async createRun(run: NewRun): Promise<void> {
    this.#run(sql.insertRun, runValues(run));
  }

  async adoptRun(run: NewRun, adopted: readonly AdoptedChunk[]): Promise<void> {
    const { runId } = run;
    const rows = adopted.reduce((sum, { chunk }) => sum + chunk.requests, 0);
    const counts = { records: rows, read: rows, filtered: 0, skipped: 0 };
    this.#transaction(() => {
      this.#run(sql.insertRun, runValues(run));
      for (const { chunk, patch } of adopted) {
        chunks.insertChunk(this.#database, runId, chunk, 'read');
        const at = { runId, chunk: chunk.chunk, state: 'sealed', epoch: 0 } as const;
        chunks.moveChunk(this.#database, at, 'batch_adopted', patch);
      }
      this.#writeReading(runId, { chunk: null, cursor: null, counts, failures: [] }, 1);
      this.#run(sql.updateStatus, { runId, status: 'waiting', at: run.startedAt });
    });
  }

  async run(runId: string): Promise<RunRecord | null> {
    const row = this.#database.prepare(sql.selectRun).get({ runId });
    return row === undefined ? null : toRun(row);
  }

  async runs(pipeline?: string): Promise<readonly RunRecord[]> {
    return this.#database
      .prepare(sql.selectRuns)
      .all({ pipeline: pipeline ?? null })
      .map(toRun);
  }

  async setStatus(...[runId, status, at, notice]: Parameters<Ledger['setStatus']>): Promise<void> {
    this.#transaction(() => {
      this.#run(sql.updateStatus, { runId, status, at });
      if (notice) addNotice(this.#database, notice);
      if (isEnded({ status })) this.watermarks.runEnded(runId, status !== 'cancelled', at);
    });
  }

  async addWorkedMs(runId: string, ms: number): Promise<void> {
    this.#run(sql.addWorkedMs, { runId, ms: Math.round(ms) });
  }

  async requestCancel(runId: string): Promise<void> {
    this.#run(sql.requestCancel, { runId });
  }

  async commitReading(runId: string, commit: ReadCommit): Promise<void> {
    this.#transaction(() => this.#writeReading(runId, commit, 0));
  }

  async finishReading(runId: string, commit: ReadCommit): Promise<void> {
    this.#transaction(() => this.#writeReading(runId, commit, 1));
  }

  #writeReading(runId: string, commit: ReadCommit, finished: 0 | 1): void {
    if (commit.chunk !== null) chunks.insertChunk(this.#database, runId, commit.chunk, 'read');
    failed.insertFailures(this.#database, runId, commit.failures);
    if (commit.followers) follow.advance(this.#database, runId, commit.followers);
    this.#run(sql.advanceReading, { runId, finished, ...readingValues(commit) });
  }

  async discardReading(runId: string): Promise<void> {
    this.#transaction(() => {
      if (this.#database.prepare(sql.selectUploadedChunk).get({ runId }) !== undefined) {
        throw new Error(`Run ${runId} has uploaded chunks; its reading cannot begin anew.`);
      }
      this.#run(sql.deleteChunks, { runId });
      this.#run(sql.deleteFailedRows, { runId });
      this.#run(sql.resetReading, { runId });
      follow.reset(this.#database, runId);
    });
  }

  async chunks(runId: string): Promise<readonly ChunkRecord[]> {
    return this.#database.prepare(sql.selectChunks).all({ runId }).map(toChunk);
  }

  async chunk(runId: string, chunk: number): Promise<ChunkRecord | null> {
    return chunks.selectChunk(this.#database, runId, chunk);
  }

  async moveChunk(at: ChunkPlace, event: ChunkEvent, patch: ChunkPatch = {}): Promise<ChunkRecord> {
    return chunks.moveChunk(this.#database, at, event, patch);
  }

  async adoptBatch(at: ChunkPlace, patch: AdoptedBatch): Promise<ChunkRecord | null> {
    return this.#transaction(() => chunks.adoptBatch(this.#database, at, patch));
  }

  async batchRuns(): Promise<ReadonlyMap<string, string>> {
    return chunks.selectBatchRuns(this.#database);
  }

  async noteGone(at: ChunkPlace, part: string): Promise<void> {
    this.#transaction(() => chunks.noteGone(this.#database, at, part));
  }

  async forgetRemote(runId: string, chunk: number): Promise<void> {
    this.#run(sql.forgetRemote, { runId, chunk });
  }

  async roomState(scope: RoomScope, now: number): Promise<RoomState> {
    return room.selectRoom(this.#database, scope, now);
  }

  async claimRoom(claim: RoomClaim): Promise<ClaimedRoom> {
    return this.#transaction(() => room.claim(this.#database, claim));
  }

  async learnFromRefusal(refused: RefusedRoom): Promise<RoomState> {
    return this.#transaction(() => room.learn(this.#database, refused));
  }

  async noteBatchStatus(runId: string, chunk: number, batchStatus: string): Promise<void> {
    this.#run(sql.updateBatchStatus, { runId, chunk, batchStatus });
  }

  async recordOutcomes(outcomes: readonly PlacedOutcome[]): Promise<readonly ChunkRecord[]> {
    return this.#transaction(() => outcomes.map((each) => results.recordOutcome(this.#database, each)));
  }

  async addRetryChunk(runId: string, chunk: NewChunk, customIds: readonly string[]): Promise<void> {
    this.#transaction(() => chunks.insertRetryChunk(this.#database, runId, chunk, customIds));
  }

  async recordReload(runId: string, chunk: number, outcome: ReloadOutcome): Promise<void> {
    this.#transaction(() => results.recordReload(this.#database, runId, chunk, outcome));
  }

  async addReopenedChunk(
    runId: string,
    chunk: NewChunk,
    customIds: readonly string[],
    at: number,
  ): Promise<void> {
    this.#transaction(() => {
      chunks.insertChunk(this.#database, runId, chunk, 'retry');
      failed.reopenFailures(this.#database, { runId, chunk: chunk.chunk, at }, customIds);
      follow.reopen(this.#database, runId, customIds);
    });
  }

  async unfinishedRows(runId: string, limit: number): Promise<readonly UnfinishedRow[]> {
    return this.#database.prepare(sql.selectUnfinishedRows).all({ runId, limit }).map(toUnfinishedRow);
  }

  waitingRows(runId: string): AsyncIterable<UnfinishedRow> {
    return failed.readWaiting(this.#path, runId);
  }

  async retryQueue(runId: string): Promise<RetryQueue> {
    return toRetryQueue(this.#database.prepare(sql.selectRetryQueue).get({ runId, supersededCode }) ?? {});
  }

  async rowHistory(runId: string, chunk: number): Promise<ReadonlyMap<string, UnfinishedRow>> {
    const rows = this.#database.prepare(sql.selectSentRows).all({ runId, chunk }).map(toUnfinishedRow);
    return new Map(rows.map((row) => [row.customId, row]));
  }

  async recordFollowers(runId: string, chunk: number, outcome: FollowersOutcome): Promise<void> {
    this.#transaction(() => {
      follow.addTo(this.#database, runId, chunk, outcome);
      follow.mark(this.#database, runId, chunk);
    });
  }

  async ownFailures(runId: string, chunk: number): Promise<readonly FailedRow[]> {
    return follow.selectOwnFailures(this.#database, runId, chunk);
  }

  failedRows(runId: string): AsyncIterable<FailedRow> {
    return failed.readFailures(this.#path, runId);
  }

  async rememberedFailures(
    pipeline: string,
    customIds: readonly string[],
    hashes: readonly string[],
  ): Promise<ReadonlySet<string>> {
    return failed.selectRemembered(this.#database, pipeline, customIds, hashes);
  }

  async rowCounts(runId: string): Promise<RowCounts> {
    return toRowCounts(this.#database.prepare(sql.selectRowCounts).get({ runId }) ?? {});
  }

  async append(told: ToldEvent): Promise<void> {
    this.#events.append(told);
  }

  events(runId: string, after: number, type?: LoggedEvent['type']): AsyncIterable<LoggedEvent> {
    return readEvents(this.#database, { runId, after, type: type ?? null });
  }

  async forgetEvents(before: number): Promise<void> {
    for (const statement of deleteEvents) this.#run(statement, { before });
  }

  #run(statement: string, values: Record<string, SQLInputValue>): void {
    write(this.#database, statement, values);
  }

  #transaction<T>(work: () => T): T {
    return inTransaction(this.#database, work);
  }
}
