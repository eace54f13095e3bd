import type { ClientBase } from 'pg';
import { errorCode } from '../../core/errors.ts';
import type { LoadFailure, PieceCounts, ResultBatch } from '../../core/sink.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../../pg/identifier.ts';
import { beginReadWrite } from '../../pg/transaction.ts';
import { rollBack } from './copy-in.ts';
import { isKey, type LoadPlan } from './load-plan.ts';
import type { RowRange } from './load-statements.ts';
import { isRowFault, rowFailure } from './row-fault.ts';

/** Of a batch's rows that are a record's first piece, the keys and the numbers of pieces. */
export function pieceCounts(
  rows: ResultBatch,
  { from, to }: RowRange,
  without: ReadonlySet<number>,
): PieceCounts {
  const keys: string[][] = [];
  const counts: number[] = [];
  for (let row = from; row < to; row += 1) {
    const count = rows.pieceCounts?.[row] ?? null;
    if (count === null || without.has(row)) continue;
    keys.push(rows.keys.slice(0, -1).map((part) => part[row] ?? ''));
    counts.push(count);
  }
  return { keys, counts };
}

/**
 * Deletes the pieces that the target holds of each record beyond its last one; null where there are no records. The
 * numbers stand in the statement, since a script of several takes no parameters.
 */
export function deletePiecesSql(plan: LoadPlan, { keys, counts }: PieceCounts): string | null {
  const columns = plan.columns.slice(0, plan.keyCount);
  const parts = columns.slice(0, -1);
  const readable: { readonly texts: readonly string[]; readonly count: number }[] = [];
  for (const [index, key] of keys.entries()) {
    const texts = parts
      .map(({ convert }, part) => convert(key[part] ?? ''))
      .filter((text) => typeof text === 'string');
    if (texts.length === parts.length) readable.push({ texts, count: counts[index] ?? 0 });
  }
  if (readable.length === 0) return null;
  const lists = parts.map(
    (_, part) => `${arrayLiteral(readable.map(({ texts }) => texts[part] ?? ''))}::text[]`,
  );
  const numbers = `${arrayLiteral(readable.map(({ count }) => String(count)))}::integer[]`;
  const names = parts.map((_, part) => `k${part + 1}`);
  // The lists are cast and the columns are not, so that the key's index serves.
  const matches = isKey(
    plan,
    parts.map(({ name }) => `target.${quoteIdentifier(name)}`),
    parts.map(({ type }, part) => `kept.k${part + 1}::${type.declared}`),
  );
  const piece = quoteIdentifier(columns.at(-1)?.name ?? '');
  return `DELETE FROM ${quoteTable(plan.table)} AS target
    USING unnest(${[...lists, numbers].join(', ')}) AS kept (${[...names, 'pieces'].join(', ')})
    WHERE ${matches} AND target.${piece} >= kept.pieces`;
}

/** The same in a transaction of its own. @returns the records, by their index, whose pieces cannot be deleted */
export async function deletePieces(
  client: ClientBase,
  plan: LoadPlan,
  records: PieceCounts,
): Promise<readonly LoadFailure[]> {
  const statement = deletePiecesSql(plan, records);
  if (statement === null) return [];
  try {
    await client.query([beginReadWrite, statement, 'COMMIT'].join('; '));
    return [];
  } catch (error) {
    await rollBack(client);
    if (!isRowFault(error)) throw error;
    const { length } = records.keys;
    if (length > 1) return deleteHalves(client, plan, records, Math.ceil(length / 2));
    // A key that is no value of the column's type cannot stand in it.
    return errorCode(error)?.startsWith('22') === true ? [] : [rowFailure(0, error)];
  }
}

async function deleteHalves(
  client: ClientBase,
  plan: LoadPlan,
  { keys, counts }: PieceCounts,
  middle: number,
): Promise<readonly LoadFailure[]> {
  const first = { keys: keys.slice(0, middle), counts: counts.slice(0, middle) };
  const rest = { keys: keys.slice(middle), counts: counts.slice(middle) };
  const before = await deletePieces(client, plan, first);
  const behind = await deletePieces(client, plan, rest);
  return [...before, ...behind.map((failure) => ({ ...failure, row: middle + failure.row }))];
}

function arrayLiteral(texts: readonly string[]): string {
  const elements = texts.map((text) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`);
  return quoteLiteral(`{${elements.join(',')}}`);
}
