import type { ClientBase } from 'pg';
import { quoteIdentifier, quoteTable } from '../../pg/identifier.ts';
import { beginReadOnly } from '../../pg/transaction.ts';
import { rollBack } from './copy-in.ts';
import { isKey, type LoadPlan } from './load-plan.ts';
import { requestHashColumn } from './request-hash.ts';
import { isRowFault } from './row-fault.ts';

/** Keys, by their place in the caller's list, with the hash that each is asked about. */
interface Question {
  readonly key: readonly string[];
  readonly hash: string;
  readonly place: number;
}

/** For each key, whether the table holds it with this hash: one query, unless a key's text cannot be read. */
export async function findUnchanged(
  client: ClientBase,
  plan: LoadPlan,
  keys: readonly (readonly string[])[],
  hashes: readonly string[],
): Promise<boolean[]> {
  const found = keys.map(() => false);
  const questions = keys.map((key, place) => ({ key, hash: hashes[place] ?? '', place }));
  await ask(
    client,
    plan,
    questions.filter((question) => isReadable(plan, question)),
    found,
  );
  return found;
}

function isReadable(plan: LoadPlan, { key }: Question): boolean {
  return key.every((text, part) => typeof plan.columns[part]?.convert(text) === 'string');
}

async function ask(
  client: ClientBase,
  plan: LoadPlan,
  questions: readonly Question[],
  found: boolean[],
): Promise<void> {
  if (questions.length === 0) return;
  try {
    for (const place of await lookUp(client, plan, questions)) found[place] = true;
  } catch (error) {
    await rollBack(client);
    if (!isRowFault(error)) throw error;
    // A key that is no value of the column's type cannot stand in it; the others are asked about without it.
    if (questions.length === 1) return;
    const middle = Math.ceil(questions.length / 2);
    await ask(client, plan, questions.slice(0, middle), found);
    await ask(client, plan, questions.slice(middle), found);
  }
}

async function lookUp(client: ClientBase, plan: LoadPlan, questions: readonly Question[]): Promise<number[]> {
  const keyColumns = plan.columns.slice(0, plan.keyCount);
  await client.query(beginReadOnly);
  const { rows } = await client.query<{ place: number }>(selectUnchanged(plan), [
    ...keyColumns.map((column, part) => questions.map(({ key }) => column.convert(key[part] ?? ''))),
    questions.map(({ hash }) => hash),
    questions.map(({ place }) => place),
  ]);
  await client.query('COMMIT');
  return rows.map(({ place }) => place);
}

/** The parameters are cast and the column is not, so that the key's index serves. */
function selectUnchanged(plan: LoadPlan): string {
  const keyColumns = plan.columns.slice(0, plan.keyCount);
  const arrays = keyColumns.map((_, part) => `$${part + 1}::text[]`);
  const names = keyColumns.map((_, part) => `k${part + 1}`);
  const matches = isKey(
    plan,
    keyColumns.map(({ name }) => `target.${quoteIdentifier(name)}`),
    keyColumns.map(({ type }, part) => `asked.k${part + 1}::${type.castName}`),
  );
  return `SELECT asked.place
    FROM unnest(${arrays.join(', ')}, $${plan.keyCount + 1}::text[], $${plan.keyCount + 2}::int4[])
      AS asked (${names.join(', ')}, hash, place)
    JOIN ${quoteTable(plan.table)} AS target ON ${matches}
    WHERE target.${quoteIdentifier(requestHashColumn)} = asked.hash`;
}
