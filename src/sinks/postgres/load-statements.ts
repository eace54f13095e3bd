import { hasBinaryForm } from '../../pg/copy-binary-encoder.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { asCompared } from '../../pg/key-order.ts';
import { beginReadWrite } from '../../pg/transaction.ts';
import type { LoadPlan } from './load-plan.ts';

/**
 * How rows are staged. `typed` and `binary` stage columns in the target's own types, `binary` those without a binary
 * form as text; `text` stages every column as the bytes of its text, so that nothing is refused before the server looks
 * at one row by itself: not even a character that its encoding lacks. Behind the row's index in the batch they stand in
 * `text`, and where rows are updated.
 */
export type Staging = 'typed' | 'binary' | 'text';

/** Rows of the batch from `from` up to but not including `to`. */
export interface RowRange extends RowBounds {
  readonly from: number;
  readonly to: number;
}

/** The same, each bound a number or the name of a variable. */
export interface RowBounds {
  readonly from: number | string;
  readonly to: number | string;
}

export const stage = 'pg_temp.batchline_stage';
/** The columns of the staging table are numbered, so that no name of the target can clash. */
export const rowColumn = 'batch_row';

/** The staging table and the COPY into it. It lasts one transaction, which suits PgBouncer. */
export function stageStatements(plan: LoadPlan, staging: Staging): readonly string[] {
  const format = staging === 'binary' ? ' WITH (FORMAT binary)' : '';
  return [createStage(plan, staging), `COPY ${stage} FROM STDIN${format}`];
}

/** Begins a transaction and stages the batch, as one simple query. */
export function stageScript(plan: LoadPlan, staging: Staging, first: readonly string[] = []): string {
  return [beginReadWrite, ...first, ...stageStatements(plan, staging)].join('; ');
}

/**
 * The whole load of a batch as one simple query: the server goes from COPY to INSERT to COMMIT by itself, but where the
 * commit is to wait for the number of rows. Whatever fails ends the script, and the caller rolls back.
 */
export function loadScript(
  plan: LoadPlan,
  staging: 'typed' | 'binary',
  first: readonly string[],
  last: string | null,
): string {
  const after = last === null ? [] : [last];
  const end = plan.commitsApart ? [] : ['COMMIT'];
  return [stageScript(plan, staging, first), insertStaged(plan, staging), ...after, ...end].join('; ');
}

function createStage(plan: LoadPlan, staging: Staging): string {
  const create = 'CREATE TEMPORARY TABLE batchline_stage';
  if (staging === 'text') {
    const columns = plan.columns.map((_, index) => `${staged(index)} bytea`);
    return `${create} (${rowColumn} integer PRIMARY KEY, ${columns.join(', ')}) ON COMMIT DROP`;
  }
  const values = plan.columns.map((column, index) =>
    isTyped(plan, staging, index)
      ? `${quoteIdentifier(column.name)} AS ${staged(index)}`
      : `NULL::text AS ${staged(index)}`,
  );
  // Not LIKE, which would copy NOT NULL and with it lose the isolation of faulty rows.
  const columns = plan.mode === 'update' ? [`NULL::integer AS ${rowColumn}`, ...values] : values;
  return `${create} ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ${quoteTable(plan.table)} WITH NO DATA`;
}

/** Moves staged rows into the target, all of them or a range. */
export function insertStaged(plan: LoadPlan, staging: Staging, range?: RowBounds): string {
  const values = plan.columns.map((_, index) => stagedValue(plan, staging, index));
  return [
    `INSERT INTO ${quoteTable(plan.table)} (${plan.columns.map(quotedName).join(', ')})`,
    `SELECT ${values.join(', ')} FROM ${stage}${inRange(range)}`,
    onConflict(plan, values.slice(0, plan.keyCount)),
  ].join(' ');
}

/** Rows are upserted in the order of their keys, so that two loads at once cannot deadlock. */
function onConflict(plan: LoadPlan, keys: readonly string[]): string {
  if (plan.mode === 'insert') return '';
  const target = plan.columns.slice(0, plan.keyCount).map(quotedName);
  const others = plan.columns.slice(plan.keyCount).map(quotedName);
  const sets = others.map((name) => `${name} = excluded.${name}`);
  const action = sets.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${sets.join(', ')}`;
  return `ORDER BY ${keys.join(', ')} ON CONFLICT (${target.join(', ')}) ${action}`;
}

/** Reads the staged keys as their types, to find those that cannot be read. */
export function readKeys(plan: LoadPlan, range: RowBounds): string {
  return `SELECT count((${stagedKeys(plan).join(', ')})) FROM ${stage}${inRange(range)}`;
}

/** The staged rows whose key an earlier row of the batch has already, by the target's own equality, with the first such. */
export function collidingRows(plan: LoadPlan): string {
  const window = `PARTITION BY ${comparedKeys(plan, stagedKeys(plan)).join(', ')} ORDER BY ${rowColumn}`;
  const numbered = `SELECT ${rowColumn}, row_number() OVER (${window}) AS nth,
    first_value(${rowColumn}) OVER (${window}) AS first FROM ${stage}`;
  return `SELECT ${rowColumn} AS row, first FROM (${numbered}) AS numbered WHERE nth > 1 ORDER BY ${rowColumn}`;
}

/** Takes the rows in parameter 1 out of staging. */
export const dropStaged = `DELETE FROM ${stage} WHERE ${rowColumn} = ANY ($1::integer[])`;

/** Staged keys as the target compares them. */
export function comparedKeys({ keyOrder }: LoadPlan, keys: readonly string[]): readonly string[] {
  if (keyOrder === null) return keys;
  return keyOrder.map((order, index) => asCompared(order, keys[index] ?? ''));
}

function stagedKeys(plan: LoadPlan): string[] {
  return plan.columns.slice(0, plan.keyCount).map((_, index) => stagedKey(plan, 'text', index));
}

/**
 * A part of a key, to be compared: cut and rounded as the column does it, so that what is one key there is one here. The
 * value that is written is not, since a column refuses some texts that a cast cuts.
 */
export function stagedKey(plan: LoadPlan, staging: Staging, index: number): string {
  const type = plan.columns[index]?.type.declared ?? 'text';
  return isTyped(plan, staging, index) ? staged(index) : `${stagedText(staging, index)}::${type}`;
}

export function stagedValue(plan: LoadPlan, staging: Staging, index: number): string {
  if (isTyped(plan, staging, index)) return staged(index);
  return `${stagedText(staging, index)}::${plan.columns[index]?.type.castName ?? 'text'}`;
}

function stagedText(staging: Staging, index: number): string {
  return staging === 'text' ? `pg_catalog.convert_from(${staged(index)}, 'UTF8')` : staged(index);
}

function isTyped(plan: LoadPlan, staging: Staging, index: number): boolean {
  if (staging !== 'binary') return staging === 'typed';
  const type = plan.columns[index]?.type;
  return type !== undefined && hasBinaryForm(type);
}

export function inRange(range: RowBounds | undefined): string {
  return range === undefined ? '' : ` WHERE ${rowColumn} >= ${range.from} AND ${rowColumn} < ${range.to}`;
}

export function staged(index: number): string {
  return `c${index + 1}`;
}

function quotedName({ name }: { readonly name: string }): string {
  return quoteIdentifier(name);
}
