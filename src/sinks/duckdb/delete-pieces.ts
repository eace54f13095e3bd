import type { LoadFailure, PieceCounts, ResultBatch } from '../../core/sink.ts';
import type { DuckSession } from '../../duckdb/session.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';
import { isRowFault, rowFailure } from './row-fault.ts';

/** Of those rows of a batch below `to` that are a record's first piece, the keys and the numbers of pieces. */
export function pieceCounts(rows: ResultBatch, to: number, without: ReadonlySet<number>): PieceCounts {
  const firsts = rows.customIds.flatMap((_, row) => {
    const count = rows.pieceCounts?.[row] ?? null;
    return count === null || row >= to || without.has(row) ? [] : [{ row, count }];
  });
  return {
    keys: firsts.map(({ row }) => rows.keys.slice(0, -1).map((part) => part[row] ?? '')),
    counts: firsts.map(({ count }) => count),
  };
}

/**
 * Deletes the pieces that the target holds of each record beyond its last one; '' where there are no records. A key that
 * is no value of the column's type cannot stand in it.
 */
export function deletePiecesSql(plan: LoadPlan, { keys, counts }: PieceCounts): string {
  const columns = plan.columns.slice(0, plan.keyCount);
  const parts = columns.slice(0, -1);
  const records = keys.flatMap((key, index) => {
    const texts = parts.flatMap(({ convert }, part) => {
      const text = convert(key[part] ?? '');
      return typeof text === 'string' ? [textLiteral(text)] : [];
    });
    return texts.length === parts.length ? [`(${[...texts, counts[index] ?? 0].join(', ')})`] : [];
  });
  if (records.length === 0) return '';
  const names = [...parts.map((_, part) => `k${part}`), 'pieces'];
  const matches = parts.map(
    ({ name, typed }, part) => `target.${quoteIdentifier(name)} = TRY(${typed(`kept.k${part}`)})`,
  );
  const piece = quoteIdentifier(columns.at(-1)?.name ?? '');
  return `DELETE FROM ${quoteTable(plan.table)} AS target
    USING (VALUES ${records.join(', ')}) AS kept (${names.join(', ')})
    WHERE ${matches.join(' AND ')} AND target.${piece} >= kept.pieces`;
}

/** The same in a transaction of its own. @returns the records, by their index, whose pieces cannot be deleted */
export async function deletePieces(
  session: DuckSession,
  plan: LoadPlan,
  { keys, counts }: PieceCounts,
): Promise<readonly LoadFailure[]> {
  const statement = deletePiecesSql(plan, { keys, counts });
  if (statement === '') return [];
  try {
    await session.run(statement);
    return [];
  } catch (error) {
    if (!isRowFault(error)) throw error;
    if (keys.length === 1) return [rowFailure(0, error)];
  }
  const middle = Math.ceil(keys.length / 2);
  const before = { keys: keys.slice(0, middle), counts: counts.slice(0, middle) };
  const behind = { keys: keys.slice(middle), counts: counts.slice(middle) };
  const failures = await deletePieces(session, plan, before);
  const others = await deletePieces(session, plan, behind);
  return [...failures, ...others.map((failure) => ({ ...failure, row: middle + failure.row }))];
}
