import type { ClientBase } from 'pg';
import type { TableName } from './identifier.ts';

/**
 * Names a table so that two connections, by whatever host name, pooler or replica they came, can tell whether they
 * mean the same one. Outside of a transaction, since one of its statements may be refused.
 */
export async function tableId(client: ClientBase, { schema, table }: TableName): Promise<string> {
  return JSON.stringify([await serverId(client), await databaseName(client), schema, table]);
}

/** A replica shares its primary's identifier. Where it may not be asked for, the address must do. */
async function serverId(client: ClientBase): Promise<string | null> {
  try {
    return await onlyValue(
      client,
      'SELECT system_identifier::text AS value FROM pg_catalog.pg_control_system()',
    );
  } catch {
    return onlyValue(client, "SELECT inet_server_addr() || ':' || inet_server_port() AS value");
  }
}

function databaseName(client: ClientBase): Promise<string | null> {
  return onlyValue(client, 'SELECT current_database()::text AS value');
}

async function onlyValue(client: ClientBase, sql: string): Promise<string | null> {
  const { rows } = await client.query<{ value: string | null }>(sql);
  return rows[0]?.value ?? null;
}
