import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from '../../src/pg/embedded.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this test run; tests reach it through `createDatabase`. */
    testDatabaseUrl: string;
  }
}

/** Starts one Postgres for the whole run, or uses that of BATCHLINE_TEST_DATABASE_URL. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['BATCHLINE_TEST_DATABASE_URL'];
  if (given !== undefined) {
    project.provide('testDatabaseUrl', given);
    return undefined;
  }
  const stateDir = await mkdtemp(join(tmpdir(), 'batchline-test-'));
  // As root the server runs as nobody, who may then enter.
  await chmod(stateDir, 0o755);
  const server = await startEmbedded(stateDir, { durable: false });
  project.provide('testDatabaseUrl', server.url);
  return async () => {
    await server[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  };
}
