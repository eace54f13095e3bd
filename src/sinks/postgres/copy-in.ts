import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client, ClientBase } from 'pg';
import type { CopyBuffer } from '../../pg/copy-buffer.ts';

/**
 * Runs a script that holds one COPY FROM STDIN and returns no rows, and feeds it. Resolves when the server has run the
 * script to its end.
 *
 * @returns how many rows its INSERT wrote; null where it has none
 */
export async function copyIn(client: ClientBase, script: string, buffer: CopyBuffer): Promise<number | null> {
  const { from } = await import('pg-copy-streams');
  let inserted: number | null = null;
  const note = ({ text }: { readonly text: string }): void => {
    const count = /^INSERT 0 (\d+)$/.exec(text)?.[1];
    // A mark is noted before.
    if (count !== undefined) inserted = Number(count);
  };
  const { connection } = client as Client;
  connection.on('commandComplete', note);
  try {
    await pipeline(Readable.from(buffer.blocks()), client.query(from(script)));
    return inserted;
  } finally {
    connection.off('commandComplete', note);
  }
}

/** Rolls back after an error; where that fails too, the connection is lost, and the first error says more. */
export async function rollBack(client: ClientBase): Promise<void> {
  await client.query('ROLLBACK').catch(() => {});
}
