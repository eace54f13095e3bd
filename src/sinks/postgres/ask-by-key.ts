import type { ClientBase, QueryResultRow } from 'pg';
import { beginReadOnly } from '../../pg/transaction.ts';
import { rollBack } from './copy-in.ts';
import type { LoadPlan } from './load-plan.ts';
import { isRowFault } from './row-fault.ts';

interface Question {
  readonly key: readonly string[];
  readonly place: number;
}

/**
 * Asks about many keys at once: one query, unless a key's text is no value of the column's type. Such a key cannot stand
 * in the table, and the others are asked about without it.
 *
 * @param statement a SELECT from a relation called `asked`, with the key's parts as the texts k1, k2, ... and the key's
 *   `place` in the list
 */
export async function askByKey<Row extends QueryResultRow>(
  client: ClientBase,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
  statement: (from: string) => string,
): Promise<readonly Row[]> {
  const columns = plan.columns.slice(0, plan.keyCount);
  const arrays = columns.map((_, part) => `$${part + 1}::text[]`);
  const names = columns.map((_, part) => `k${part + 1}`);
  const text = statement(
    `unnest(${arrays.join(', ')}, $${columns.length + 1}::int4[]) AS asked (${names.join(', ')}, place)`,
  );
  const questions = keys.flatMap((key, place): Question[] => {
    const texts = columns.map(({ convert }, part) => convert(key[part] ?? ''));
    return texts.every((part) => typeof part === 'string') ? [{ key: texts, place }] : [];
  });
  return ask(questions);

  async function ask(asked: readonly Question[]): Promise<readonly Row[]> {
    if (asked.length === 0) return [];
    try {
      await client.query(beginReadOnly);
      const { rows } = await client.query<Row>(text, [
        ...columns.map((_, part) => asked.map(({ key }) => key[part])),
        asked.map(({ place }) => place),
      ]);
      await client.query('COMMIT');
      return rows;
    } catch (error) {
      await rollBack(client);
      if (!isRowFault(error)) throw error;
      if (asked.length === 1) return [];
      const middle = Math.ceil(asked.length / 2);
      return [...(await ask(asked.slice(0, middle))), ...(await ask(asked.slice(middle)))];
    }
  }
}
