import type { Client } from 'pg';
import { BatchlineError } from '../../core/errors.ts';
import { toWire, type WireText } from '../../core/wire-text.ts';
import type { Database } from '../../pg/connect.ts';
import { copyOut } from '../../pg/copy-out.ts';
import { CopyTextBatch, type CopyLayout } from '../../pg/copy-text-batch.ts';
import { databaseError } from '../../pg/database-error.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import { rejectMisencoded } from './misencoded.ts';
import { Session } from './session.ts';
import { nullKeySql, pageSql, type SelectPlan } from './select.ts';

export interface ReadPlan {
  readonly select: SelectPlan;
  readonly layout: CopyLayout;
  /** Key columns that may be null; a read in pages would pass over such rows in silence. */
  readonly nullableKey: readonly string[];
  /** Whether to read page by page, each a transaction of its own; else in one pass. */
  readonly isPaged: boolean;
  /** Whether the server may send bytes that are not UTF-8: one of encoding SQL_ASCII checks nothing. */
  readonly mayBeMisencoded: boolean;
  readonly paging: Paging;
}

/** How large pages are, and how long one stays open while nobody takes its rows. */
export interface Paging {
  /** The first page, in rows. */
  readonly firstRows: number;
  /** What further pages aim at, in bytes of COPY text. */
  readonly targetBytes: number;
  /** The most rows a page. */
  readonly mostRows: number;
  /** After this long without being asked for rows, the transaction is given up and later begun behind the last row. */
  readonly patienceMs: number;
}

export const defaultPaging: Paging = {
  firstRows: 20_000,
  targetBytes: 32_000_000,
  mostRows: 200_000,
  patienceMs: 30_000,
};

interface ReadState {
  after: readonly WireText[] | undefined;
  left: number;
  record: number;
}

/** Reads the rows of a plan, on connections of its own. Errors are BatchlineErrors, or the reason of the abort. */
export async function* readRows(
  database: Database,
  plan: ReadPlan,
  options: { after?: string | undefined; limit?: number | undefined; signal: AbortSignal },
): AsyncGenerator<CopyTextBatch> {
  const state: ReadState = { after: keyOf(options.after), left: options.limit ?? Infinity, record: 1 };
  try {
    let pageRows = plan.isPaged ? plan.paging.firstRows : Infinity;
    while (state.left > 0) {
      await using session = await Session.open(database, options.signal);
      if (plan.isPaged && state.record === 1) await rejectNullKeys(session.connection.client, plan);
      for (;;) {
        const page = yield* readPage(session, plan, state, pageRows);
        if (session.isGivenUp) break;
        if (!plan.isPaged || page.rows < pageRows || state.left === 0) return;
        pageRows = nextPageRows(page, plan.paging);
      }
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw databaseError(error, database.where, `read ${plan.layout.origin}`);
  }
}

/** The key that a cursor of `CopyTextBatch` stands for. */
function keyOf(cursor: string | undefined): readonly WireText[] | undefined {
  return cursor === undefined ? undefined : (JSON.parse(cursor) as readonly string[]).map(toWire);
}

interface PageSize {
  readonly rows: number;
  readonly bytes: number;
}

async function* readPage(
  session: Session,
  plan: ReadPlan,
  state: ReadState,
  pageRows: number,
): AsyncGenerator<CopyTextBatch, PageSize> {
  const limit = Math.min(pageRows, state.left);
  const size = { rows: 0, bytes: 0 };
  const { client } = session.connection;
  try {
    await client.query(beginReadOnly);
    // The server would refuse the whole page, and name no row.
    if (plan.mayBeMisencoded) await client.query("SET LOCAL client_encoding = 'SQL_ASCII'");
    const page = { after: state.after, limit: Number.isFinite(limit) ? limit : undefined };
    for await (const lines of copyOut(client, `COPY (${pageSql(plan.select, page)}) TO STDOUT`)) {
      if (plan.mayBeMisencoded && lines.cutFrom === null) rejectMisencoded(lines, plan, state.record);
      const batch = CopyTextBatch.of(plan.layout, lines, state.record);
      size.rows += batch.length;
      size.bytes += lines.cutFrom ?? lines.text.length;
      advance(state, batch, plan);
      if (plan.isPaged) session.giveUpAfter(plan.paging.patienceMs);
      yield batch;
      session.keep();
    }
    await client.query('COMMIT');
  } catch (error) {
    if (!session.isGivenUp) throw error;
  }
  return size;
}

function advance(state: ReadState, batch: CopyTextBatch, { isPaged, select }: ReadPlan): void {
  state.record += batch.length;
  state.left -= batch.length;
  // The parts are not null: `rejectNullKeys` and the order of the pages see to that.
  if (isPaged) state.after = select.key.map((_, part) => batch.keyPart(batch.length - 1, part) as WireText);
}

function nextPageRows({ rows, bytes }: PageSize, { targetBytes, mostRows }: Paging): number {
  return Math.min(Math.max(Math.floor((targetBytes * rows) / bytes), 1), mostRows);
}

/** A row without a key would be passed over in silence. @throws BatchlineError `null_key` */
export async function rejectNullKeys(
  client: Client,
  { select, nullableKey, layout }: ReadPlan,
): Promise<void> {
  if (nullableKey.length === 0) return;
  await client.query(beginReadOnly);
  const { rows } = await client.query<Record<string, boolean>>(nullKeySql(select, nullableKey));
  await client.query('COMMIT');
  const name = nullableKey.find((column) => rows[0]?.[column] === true);
  if (name === undefined) return;
  throw new BatchlineError('null_key', `the key column "${name}" of ${layout.origin} is null in some rows`, {
    hint: `Leave such rows out with where: "${name} is not null", or choose another key.`,
  });
}
