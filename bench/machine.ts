import { cpus, platform, release, totalmem } from 'node:os';
import type { Database } from './database.ts';

/** What the figures were taken on, a line each. */
export async function describeMachine(database: Database): Promise<readonly string[]> {
  const processors = cpus();
  return [
    `Processor: ${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`,
    `Memory: ${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `System: ${platform()} ${release()}, Node ${process.versions.node}`,
    `PostgreSQL: ${await database.ask('show server_version')}, on the same machine, default settings; psql ${await database.clientVersion()}`,
  ];
}
