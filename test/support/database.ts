import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Connected, with the default settings. */
  readonly client: Client;
}

/**
 * A fresh, empty database on the run's server. Disposing it drops it, whoever is still connected.
 *
 * @param options of CREATE DATABASE
 */
export async function createDatabase(options = ''): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer((server) => server.query(`CREATE DATABASE ${name} ${options}`));
  const url = new URL(inject('testDatabaseUrl'));
  url.pathname = `/${name}`;
  const client = await connected(url.href);
  return {
    url: url.href,
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
      await onServer((server) => server.query(`DROP DATABASE ${name} WITH (FORCE)`));
    },
  };
}

async function onServer(work: (server: Client) => Promise<unknown>): Promise<void> {
  const server = await connected(inject('testDatabaseUrl'));
  try {
    await work(server);
  } finally {
    await server.end();
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}
