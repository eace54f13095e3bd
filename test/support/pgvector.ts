import { randomUUID } from 'node:crypto';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { Client } from 'pg';
import type { TestDatabase } from './database.ts';

/** A Postgres with pgvector inside this process. It takes COPY from a blob only, not over a connection. */
export async function createPglite(): Promise<PGlite> {
  const database = await PGlite.create({ extensions: { vector } });
  await database.exec('CREATE EXTENSION vector');
  return database;
}

/** Where a server with pgvector stands, for the tests that need a connection to one: a superuser's URL. */
export const pgvectorUrl = process.env['BATCHLINE_TEST_PGVECTOR_URL'];

/** A fresh database with the extension on the server at `pgvectorUrl`. */
export async function createPgvectorDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const server = new Client({ connectionString: pgvectorUrl });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  const url = new URL(pgvectorUrl ?? '');
  url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.href });
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE EXTENSION vector');
  return {
    url: url.href,
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await server.end();
    },
  };
}
