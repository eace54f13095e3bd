import type { Client } from 'pg';
import { didYouMean } from '../core/did-you-mean.ts';
import { BatchlineError } from '../core/errors.ts';
import { connect, type Connection } from '../pg/connect.ts';
import { databaseError } from '../pg/database-error.ts';
import { displayTable, quoteIdentifier, quoteTable } from '../pg/identifier.ts';
import { learnRelation, type Relation } from '../sources/postgres/relation.ts';
import type { FoundSource } from './found-source.ts';

/** A database that is looked through for the rows to work on. */
export class Tables implements AsyncDisposable {
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  static async open(url: string, stateDir: string, signal: AbortSignal): Promise<Tables> {
    return new Tables(await connect(url, { stateDir, role: 'source', signal }));
  }

  /** The tables and views that this user may read, as one writes their names. */
  async list(): Promise<readonly string[]> {
    const { rows } = await this.#ask('list the tables', (client) =>
      client.query<{ schema: string; table: string }>(
        `SELECT n.nspname AS schema, c.relname AS table
           FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relispartition
            AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
          ORDER BY n.nspname <> 'public', 1, 2`,
      ),
    );
    return rows.map(displayTable);
  }

  /** @throws BatchlineError `unknown_table`, `empty_table` */
  async look(table: string, url: string): Promise<FoundSource> {
    return this.#ask(`read ${table}`, async (client) => {
      const relation = await learnRelation(client, table);
      const isTable = await requireRows(client, relation);
      const name = displayTable(relation.name);
      return {
        block: { type: 'postgres', url, table: name },
        origin: name,
        shortName: relation.name.table,
        schema: relation.name.schema,
        columns: relation.columns.map((column) => ({
          name: column.name,
          isText: /^(?:text|character|citext|json|xml)/.test(column.sqlType),
        })),
        key: (await primaryKey(client, relation)) ?? relation.uniqueKeys[0]?.columns ?? null,
        requireKey: (key) => requireKey(relation, isTable, key),
      };
    });
  }

  async #ask<T>(doing: string, work: (client: Client) => Promise<T>): Promise<T> {
    const { client, where } = this.#connection;
    try {
      return await work(client);
    } catch (error) {
      throw databaseError(error, where, doing);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

/** @returns whether it is a table, which alone can have a unique index */
async function requireRows(client: Client, { name }: Relation): Promise<boolean> {
  const { rows } = await client.query<{ is_table: boolean; has_rows: boolean }>(
    `SELECT c.relkind IN ('r', 'p') AND NOT (c.relhassubclass AND c.relkind = 'r') AS is_table,
            EXISTS (SELECT FROM ${quoteTable(name)}) AS has_rows
       FROM pg_catalog.pg_class c WHERE c.oid = $1::regclass`,
    [quoteTable(name)],
  );
  if (rows[0]?.has_rows !== true)
    throw new BatchlineError('empty_table', `The table ${displayTable(name)} has no rows.`, {
      hint: 'Fill it first, or name another table with --table.',
      exitCode: 2,
    });
  return rows[0].is_table;
}

async function primaryKey(client: Client, { name }: Relation): Promise<readonly string[] | null> {
  const { rows } = await client.query<{ columns: string[] }>(
    `SELECT array_agg(a.attname::text ORDER BY k.place) AS columns
       FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE i.indrelid = $1::regclass AND i.indisprimary AND k.place <= i.indnkeyatts
     HAVING count(*) > 0`,
    [quoteTable(name)],
  );
  return rows[0]?.columns ?? null;
}

function requireKey({ name, columns, uniqueKeys }: Relation, isTable: boolean, key: readonly string[]): void {
  const known = columns.map((column) => column.name);
  const unknown = key.find((column) => !known.includes(column));
  if (unknown !== undefined)
    throw new BatchlineError('unknown_key', `${displayTable(name)} has no column "${unknown}".`, {
      hint: didYouMean(unknown, known),
      exitCode: 2,
    });
  // Of a view nobody knows; the run itself looks for rows of one key.
  if (!isTable || uniqueKeys.some((unique) => unique.columns.every((column) => key.includes(column)))) return;
  throw new BatchlineError(
    'key_not_unique',
    `${displayTable(name)} has no unique index on (${key.join(', ')}), columns that are never null.`,
    {
      hint: `Name another key with --key, or make one: ALTER TABLE ${quoteTable(name)} ADD PRIMARY KEY (${key.map(quoteIdentifier).join(', ')})`,
      exitCode: 2,
    },
  );
}
