import type { ResultBatch, SinkContext } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { TextCleaner } from '../../pg/clean-text.ts';
import type { TableName } from '../../pg/identifier.ts';
import { stagedColumn, type StagedColumn } from './staged-column.ts';
import type { Target } from './target.ts';

export type LoadMode = 'upsert' | 'insert';

/** The column by which unchanged rows are known. */
export const requestHashColumn = 'request_hash';

/** What a load does to one target: its columns, in the order in which they are staged, keys first. */
export interface LoadPlan {
  readonly table: TableName;
  readonly mode: LoadMode;
  readonly columns: readonly StagedColumn[];
  /** How many of the columns are the key. */
  readonly keyCount: number;
  readonly writesHash: boolean;
  /** Whether a record's first piece makes those beyond its last one go. */
  readonly deletesPieces: boolean;
  /** Whether any column may compare texts otherwise than as they are. */
  readonly collates: boolean;
  readonly cleaner: TextCleaner;
}

/** Columns that the target must have: the key's, the values' and, where it is kept, the request hash. */
export function filledColumns(context: SinkContext, target: Target): readonly string[] {
  const named = [...context.key, ...context.columns].map(({ name }) => name);
  const isNamed = named.some((name) => name.toLowerCase() === requestHashColumn);
  return target.columns.has(requestHashColumn) && !isNamed ? [...named, requestHashColumn] : named;
}

/** Expects that the target has every column; `checkTarget` has looked. */
export function loadPlan(context: SinkContext, target: Target, mode: LoadMode): LoadPlan {
  const cleaner = new TextCleaner();
  const names = filledColumns(context, target);
  const keyCount = context.key.length;
  const columns = names.flatMap((name, index) => {
    const column = target.columns.get(name.toLowerCase());
    return column === undefined ? [] : [stagedColumn(column, index < keyCount, cleaner)];
  });
  const writesHash = names.length > keyCount + context.columns.length;
  const deletesPieces = context.isSplit === true && mode === 'upsert';
  const { name: table, collates } = target;
  return { table, mode, columns, keyCount, writesHash, deletesPieces, collates, cleaner };
}

/** A batch's values, an array for each of the plan's columns. */
export function valuesOf(plan: LoadPlan, rows: ResultBatch): readonly (readonly Value[])[] {
  return [...rows.keys, ...rows.columns, ...(plan.writesHash ? [rows.requestHashes] : [])];
}
