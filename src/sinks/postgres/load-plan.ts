import { requestHashColumn } from './request-hash.ts';
import type { ResultBatch, SinkContext } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { TextCleaner } from '../../pg/clean-text.ts';
import { areVectors, isFloatVector } from '../../pg/copy-binary-encoder.ts';
import type { CopyColumn, CopyRows } from '../../pg/copy-column.ts';
import type { TableName } from '../../pg/identifier.ts';
import { keysAreEqual, type KeyOrder } from '../../pg/key-order.ts';
import { keyConverter, valueConverter } from '../../pg/value-text.ts';
import type { Target, TargetColumn } from './target.ts';

export type LoadMode = 'upsert' | 'insert' | 'update';

/** What a load does to one target: its columns, in the order in which they are staged, keys first. */
export interface LoadPlan {
  readonly table: TableName;
  readonly mode: LoadMode;
  readonly columns: readonly CopyColumn[];
  /** How many of the columns are the key. */
  readonly keyCount: number;
  readonly keyOrder: readonly KeyOrder[] | null;
  readonly writesHash: boolean;
  /** Whether a record's first piece makes those beyond its last one go. */
  readonly deletesPieces: boolean;
  /** Whether what the statement says it wrote is to be as many rows as were staged. */
  readonly counts: boolean;
  /** Whether that is to be known before the commit: where rows may be left out, or a load cannot be repeated. */
  readonly commitsApart: boolean;
  readonly cleaner: TextCleaner;
}

/** Columns that the target must have: the key's, the values' and, where it is kept, the request hash. */
export function filledColumns(context: SinkContext, target: Target): readonly string[] {
  const named = [...context.key, ...context.columns].map((column) => column.name);
  return writesHash(named, target) ? [...named, requestHashColumn] : named;
}

function writesHash(named: readonly string[], target: Target): boolean {
  return target.columns.has(requestHashColumn) && !named.includes(requestHashColumn);
}

/** Expects that the target has every column; `rehearse` has looked. */
export function loadPlan(context: SinkContext, target: Target, mode: LoadMode): LoadPlan {
  const cleaner = new TextCleaner();
  const names = filledColumns(context, target);
  const keyCount = context.key.length;
  // A trigger may still fill a null.
  const mayFillNull = mode === 'update' ? target.hasBeforeUpdateTrigger : target.hasBeforeTrigger;
  const columns = names.flatMap((name, index) => {
    const column = target.columns.get(name);
    return column === undefined ? [] : [copyColumn(column, index < keyCount, mayFillNull, cleaner)];
  });
  const writesHash = names.length > keyCount + context.columns.length;
  const deletesPieces = context.isSplit === true && mode === 'upsert';
  const { name: table, keyOrder } = target;
  // A row that nothing is set in is left as it is where it is there; old-style partitioning moves rows by a trigger.
  const counts = mode === 'insert' ? !target.hasHeirs : mode === 'upsert' && columns.length > keyCount;
  const commitsApart = counts && (mode === 'insert' || target.mayLeaveOut);
  return {
    table,
    mode,
    columns,
    keyCount,
    keyOrder,
    writesHash,
    deletesPieces,
    counts,
    commitsApart,
    cleaner,
  };
}

/** Whether the first parts of the target's key and of another one are equal, as the target has it. */
export function isKey({ keyOrder }: LoadPlan, target: readonly string[], other: readonly string[]): string {
  if (keyOrder !== null) return keysAreEqual(keyOrder.slice(0, target.length), target, other);
  return target.map((part, index) => `${part} = ${other[index] ?? ''}`).join(' AND ');
}

function copyColumn(
  { name, type, notNull }: TargetColumn,
  isKey: boolean,
  mayFillNull: boolean,
  cleaner: TextCleaner,
): CopyColumn {
  const convert = isKey ? keyConverter(type, cleaner) : valueConverter(type, cleaner);
  return { name, type, required: notNull && !mayFillNull, convert };
}

/** A batch as the plan's columns. */
export function copyRows(plan: LoadPlan, rows: ResultBatch, without: ReadonlySet<number>): CopyRows {
  const hashes = plan.writesHash ? [rows.requestHashes] : [];
  const values: readonly (readonly Value[])[] = [...rows.keys, ...rows.columns, ...hashes];
  return { length: rows.length, columns: plan.columns, values, cleaner: plan.cleaner, without };
}

/** Whether a batch is worth COPY's binary format: it holds vectors, and nothing in their columns but vectors. */
export function isBinary(rows: CopyRows): boolean {
  const vectors = rows.values.filter((_, index) => {
    const column = rows.columns[index];
    return column !== undefined && isFloatVector(column.type);
  });
  return vectors.length > 0 && vectors.every(areVectors);
}
