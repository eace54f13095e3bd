import type { Client } from 'pg';
import { fromWire } from '../../src/core/wire-text.ts';
import type { OpenedSource, ReadOptions, SourceContext } from '../../src/core/source.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import { openPostgres } from '../../src/sources/postgres/open.ts';
import { defaultPaging, type Paging } from '../../src/sources/postgres/read.ts';
import type { PostgresSourceConfig } from '../../src/sources/postgres/config.ts';

const signal = new AbortController().signal;

/** Opens the source with pages of a few rows, so that a small table has many. */
export async function open(
  config: PostgresSourceConfig,
  key: readonly string[],
  options: { where?: string; paging?: Partial<Paging> } = {},
): Promise<OpenedSource> {
  const context: SourceContext = {
    key,
    baseDir: '/',
    stateDir: '/nowhere',
    signal,
    where: options.where,
    warn: (message) => {
      throw new Error(message);
    },
  };
  return openPostgres(config, context, { ...defaultPaging, firstRows: 3, mostRows: 3, ...options.paging });
}

export interface ReadRow {
  readonly key: readonly (string | null)[];
  readonly cursor: string | null;
  readonly record: number;
  readonly position: string;
  readonly values: readonly unknown[];
  /** Decoded again, as a reader of the request line would. */
  readonly printed: readonly string[];
  readonly json: readonly string[];
}

export async function readAll(
  source: OpenedSource,
  options: Partial<ReadOptions> = {},
): Promise<readonly ReadRow[]> {
  const rows: ReadRow[] = [];
  const fields = options.fields ?? source.fields.map((field) => field.name);
  for await (const batch of source.read({ signal, ...options, fields })) {
    for (let row = 0; row < batch.length; row += 1) rows.push(readRow(batch, row, source.keyFields.length));
  }
  return rows;
}

function readRow(batch: RowBatch, row: number, keyParts: number): ReadRow {
  const fields = batch.fields.map((_, field) => field);
  return {
    key: Array.from({ length: keyParts }, (_, part) => {
      const text = batch.keyPart(row, part);
      return text === null ? null : fromWire(text);
    }),
    cursor: batch.cursor(row),
    record: batch.record(row),
    position: batch.position(row),
    values: fields.map((field) => batch.value(row, field)),
    printed: fields.map((field) => JSON.parse(`"${fromWire(batch.printed(row, field))}"`) as string),
    json: fields.map((field) => fromWire(batch.json(row, field))),
  };
}

/** The sessions that a source has open on the test's own database. */
export async function sourceSessions(client: Client): Promise<readonly unknown[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT state, query FROM pg_stat_activity
      WHERE application_name = 'batchline source' AND datname = current_database()`,
  );
  return rows;
}
