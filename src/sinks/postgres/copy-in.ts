import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import type { CopyBuffer } from '../../pg/copy-buffer.ts';

/**
 * Runs a script that holds one COPY FROM STDIN and returns no rows, and feeds it. Resolves when the server has run the
 * script to its end.
 */
export async function copyIn(client: ClientBase, script: string, buffer: CopyBuffer): Promise<void> {
  const { from } = await import('pg-copy-streams');
  await pipeline(Readable.from(buffer.blocks()), client.query(from(script)));
}

/** Rolls back after an error; where that fails too, the connection is lost, and the first error says more. */
export async function rollBack(client: ClientBase): Promise<void> {
  await client.query('ROLLBACK').catch(() => {});
}
