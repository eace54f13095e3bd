import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { isKey, type LoadPlan } from './load-plan.ts';
import {
  comparedKeys,
  inRange,
  rowColumn,
  stage,
  staged,
  stagedKey,
  stagedValue,
  type RowBounds,
  type Staging,
} from './load-statements.ts';

/**
 * An update finds its rows by a unique index, a few hundred at a time. Nothing is known of the staged rows' number when
 * the plan is made, and a wrong guess must not end in a scan of the whole target.
 */
export const planByIndex = ['SET LOCAL enable_hashjoin = off', 'SET LOCAL enable_mergejoin = off'] as const;

/** A staged row that changed nothing: the target has no such row, a trigger kept it, or an earlier staged row has its key. */
export interface NotUpdated {
  readonly row: number;
  /** The first row of that key; itself where none is before it. */
  readonly first: number;
  readonly isThere: boolean;
}

/**
 * Fills columns of the target's rows out of the staged ones, and returns `NotUpdated` rows. Rows are locked in the order
 * of their keys before they are changed, so that two updates of the same rows wait for one another and cannot deadlock.
 * They are joined by key once more and not by place, since a row that another transaction has just changed is in a new
 * place.
 */
export function updateStaged(plan: LoadPlan, staging: Staging, range?: RowBounds): string {
  const keys = keyColumns(plan);
  const keyList = comparedKeys(
    plan,
    keys.map((_, index) => staged(index)),
  ).join(', ');
  const values = plan.columns.map((_, index) => {
    const value = index < plan.keyCount ? stagedKey : stagedValue;
    return `${value(plan, staging, index)} AS ${staged(index)}`;
  });
  const table = `${quoteTable(plan.table)} AS target`;
  return `
    WITH rows AS (SELECT ${rowColumn}, ${values.join(', ')} FROM ${stage}${inRange(range)}),
    numbered AS (SELECT *, row_number() OVER (PARTITION BY ${keyList} ORDER BY ${rowColumn}) AS nth,
      first_value(${rowColumn}) OVER (PARTITION BY ${keyList} ORDER BY ${rowColumn}) AS first FROM rows),
    locked AS (SELECT numbered.* FROM numbered JOIN ${table} ON ${sameKey(plan, 'numbered')}
      WHERE numbered.nth = 1 ORDER BY ${keys.map((_, index) => `numbered.${staged(index)}`).join(', ')}
      FOR NO KEY UPDATE OF target),
    updated AS (UPDATE ${table} SET ${assignments(plan)} FROM locked WHERE ${sameKey(plan, 'locked')}
      RETURNING locked.${rowColumn})
    SELECT ${rowColumn} AS row, first,
      ${rowColumn} IN (SELECT ${rowColumn} FROM locked) AS "isThere" FROM numbered
    WHERE ${rowColumn} NOT IN (SELECT ${rowColumn} FROM updated) ORDER BY ${rowColumn}`;
}

/** The rows staged as text whose key the target does not have. */
export function rowsNotInTarget(plan: LoadPlan): string {
  const keys = keyColumns(plan).map((_, index) => `${stagedKey(plan, 'text', index)} AS ${staged(index)}`);
  return `SELECT ${rowColumn} AS row FROM (SELECT ${rowColumn}, ${keys.join(', ')} FROM ${stage}) AS asked
    WHERE NOT EXISTS (SELECT FROM ${quoteTable(plan.table)} AS target WHERE ${sameKey(plan, 'asked')})
    ORDER BY ${rowColumn}`;
}

/** The key of a row that nobody is at work on, as text. */
export function someKey(plan: LoadPlan): string {
  const keys = keyColumns(plan).map(({ name }) => `${quoteIdentifier(name)}::text`);
  return `SELECT ${keys.join(', ')} FROM ${quoteTable(plan.table)} LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`;
}

function keyColumns(plan: LoadPlan) {
  return plan.columns.slice(0, plan.keyCount);
}

function assignments(plan: LoadPlan): string {
  return plan.columns
    .map(({ name }, index) => `${quoteIdentifier(name)} = locked.${staged(index)}`)
    .slice(plan.keyCount)
    .join(', ');
}

function sameKey(plan: LoadPlan, relation: string): string {
  const columns = keyColumns(plan);
  return isKey(
    plan,
    columns.map(({ name }) => `target.${quoteIdentifier(name)}`),
    columns.map((_, index) => `${relation}.${staged(index)}`),
  );
}
