import type { PieceCounts, ResultBatch } from '../../core/sink.ts';
import { textLiteral } from '../../duckdb/sql-text.ts';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import type { LoadPlan } from './load-plan.ts';

/** Of a batch's rows that are a record's first piece, the keys and the numbers of pieces. */
export function pieceCounts(rows: ResultBatch, without: ReadonlySet<number>): PieceCounts {
  const firsts = rows.customIds.flatMap((_, row) => {
    const count = rows.pieceCounts?.[row] ?? null;
    return count === null || without.has(row) ? [] : [{ row, count }];
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
