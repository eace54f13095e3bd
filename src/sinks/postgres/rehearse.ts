import type { ClientBase } from 'pg';
import { errorCode } from '../../core/errors.ts';
import type { ResultBatch, SinkContext } from '../../core/sink.ts';
import { CopyBuffer } from '../../pg/copy-buffer.ts';
import { displayTable, quoteIdentifier, quoteTable, type TableName } from '../../pg/identifier.ts';
import { beginReadWrite } from '../../pg/transaction.ts';
import { encode } from './batch-loader.ts';
import { checkSamples } from './check-samples.ts';
import { copyIn, rollBack } from './copy-in.ts';
import { createMissingTable, createUnlessThere, placeOf } from './create-table.ts';
import { deletePiecesSql, pieceCounts } from './delete-pieces.ts';
import { checkKeyIndex } from './key-index.ts';
import { checkDeferring } from './deferring-checks.ts';
import { createMarks, insertMark, marksOf } from './load-marks.ts';
import { copyRows, filledColumns, isBinary, loadPlan, type LoadMode, type LoadPlan } from './load-plan.ts';
import { insertStaged, stageStatements } from './load-statements.ts';
import { madeUpRow } from './made-up-row.ts';
import {
  checkCreateRight,
  checkDeleteRight,
  checkRowSecurity,
  checkStagingRights,
  checkTableRights,
} from './privileges.ts';
import { isRowFault, textOf } from './row-fault.ts';
import { checkTarget, fault, unfilled } from './target-checks.ts';
import { findTarget, type Target } from './target.ts';
import { someKey, updateStaged } from './update-statements.ts';

export interface Rehearsal {
  readonly name: TableName;
  readonly create: boolean;
  readonly mode: LoadMode;
  readonly indexes: 'keep' | 'defer';
  readonly context: SinkContext;
}

/**
 * Finds out whether rows can be loaded: everything that has a name is checked by name, and then a made-up row goes
 * through the real statements. One transaction, which is rolled back.
 */
export async function rehearse(client: ClientBase, rehearsal: Rehearsal): Promise<void> {
  try {
    await client.query(beginReadWrite);
    const target = await targetOf(client, rehearsal);
    await checkAll(client, target, rehearsal);
    if (rehearsal.mode === 'insert') await rehearseMarks(client, target);
    const plan = loadPlan(rehearsal.context, target, rehearsal.mode);
    await checkSamples(client, rehearsal.context, target, plan);
    await tryRow(client, target, plan);
  } finally {
    await rollBack(client);
  }
}

async function targetOf(client: ClientBase, { name, create, context }: Rehearsal): Promise<Target> {
  const place = await placeOf(client, name);
  await checkStagingRights(client, place.schema);
  const key = context.key.map((column) => column.name);
  const there = await findTarget(client, name, key);
  if (there !== null) return there;
  if (!create) throw tableMissing(name);
  await checkCreateRight(client, place.schema);
  await createMissingTable(client, place, context);
  return (await findTarget(client, place, key)) ?? fail(name);
}

function fail(name: TableName): never {
  throw tableMissing(name);
}

export function tableMissing(name: TableName) {
  return fault(
    'table_missing',
    { name },
    'does not exist',
    'Set create: true in the sink, or correct sink.table.',
  );
}

async function checkAll(
  client: ClientBase,
  target: Target,
  { context, mode, indexes }: Rehearsal,
): Promise<void> {
  checkTarget(context, target, mode);
  const key = context.key.map((column) => column.name);
  if (mode !== 'insert') await checkKeyIndex(client, target, key, mode);
  if (context.isSplit === true && mode === 'upsert') {
    checkPieceColumn(target, key.at(-1) ?? '');
    await checkDeleteRight(client, target);
  }
  await checkTableRights(client, target, filledColumns(context, target), { mode, keyCount: key.length });
  if (indexes === 'defer') await checkDeferring(client, target);
  if (await checkRowSecurity(client, target, mode))
    context.warn(`${displayTable(target.name)} has row security: its policies may refuse rows`);
}

async function rehearseMarks(client: ClientBase, target: Target): Promise<void> {
  const marks = marksOf(target.name);
  if ((await findTarget(client, marks, [])) === null) {
    await checkCreateRight(client, target.name.schema ?? 'public');
    await createUnlessThere(client, createMarks(marks));
  }
  await client.query(insertMark(marks, { runId: 'rehearsal', place: 'rehearsal', sha256: '' }, null));
}

/** A row that a constraint or a trigger refuses is no fault; the statements are then tried without it. */
async function tryRow(client: ClientBase, target: Target, plan: LoadPlan): Promise<void> {
  const row = plan.mode === 'update' ? await rowThatIsThere(client, plan) : madeUpRow(plan);
  await client.query('SAVEPOINT rehearsal');
  try {
    await runLoad(client, plan, row);
  } catch (error) {
    if (!isRowFault(error)) throw error;
    const column = textOf(error, 'column');
    const filled = plan.columns.map(({ name }) => name);
    if (errorCode(error) === '23502' && column !== undefined && !filled.includes(column))
      throw unfilled(target, [column]);
    await client.query('ROLLBACK TO SAVEPOINT rehearsal');
    await runLoad(client, plan, { ...row, length: 0 });
  }
}

/** Made-up values for a row that the table has, so that an update comes as far as the row's triggers. */
async function rowThatIsThere(client: ClientBase, plan: LoadPlan): Promise<ResultBatch> {
  const { rows } = await client.query<string[]>({ text: someKey(plan), rowMode: 'array' });
  const [key] = rows;
  const row = madeUpRow(plan);
  return key === undefined ? row : { ...row, keys: key.map((part) => [part]) };
}

async function runLoad(client: ClientBase, plan: LoadPlan, rows: ResultBatch): Promise<void> {
  const buffer = new CopyBuffer();
  const staged = copyRows(plan, rows, new Set());
  const staging = isBinary(staged) ? 'binary' : 'typed';
  encode(plan, staged, buffer, staging === 'binary');
  await copyIn(client, stageStatements(plan, staging).join('; '), buffer);
  await client.query(plan.mode === 'update' ? updateStaged(plan, staging) : insertStaged(plan, staging));
  const deletion = plan.deletesPieces
    ? deletePiecesSql(
        plan,
        pieceCounts({ ...rows, pieceCounts: [1] }, { from: 0, to: rows.length }, new Set()),
      )
    : null;
  if (deletion !== null) await client.query(deletion);
}

/** Pieces are deleted by their number. @throws BatchlineError `piece_column_type` */
function checkPieceColumn(target: Target, name: string): void {
  const kind = target.columns.get(name)?.type.kind;
  if (kind === 'int2' || kind === 'int4' || kind === 'int8') return;
  throw fault(
    'piece_column_type',
    target,
    `takes the number of a piece in its column "${name}", which holds no whole numbers`,
    `ALTER TABLE ${quoteTable(target.name)} ALTER COLUMN ${quoteIdentifier(name)} TYPE integer USING ${quoteIdentifier(name)}::integer`,
  );
}
