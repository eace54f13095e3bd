import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { connect } from '../../src/pg/connect.ts';
import { databaseError } from '../../src/pg/database-error.ts';
import { createDatabase } from '../support/database.ts';

test('a role whose connections are used up is told how many a run needs, and how to allow them', async () => {
  await using database = await createDatabase();
  const role = `role_${randomUUID().replaceAll('-', '')}`;
  await database.client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret' CONNECTION LIMIT 1`);
  try {
    const url = new URL(database.url);
    [url.username, url.password] = [role, 'secret'];
    const { signal } = new AbortController();
    const opened = () => connect(url.href, { stateDir: '/nowhere', role: 'sink', signal });
    await using first = await opened();
    expect(first.where).not.toBe('');
    await expect(opened()).rejects.toMatchObject({
      code: 'too_many_connections',
      retryable: true,
      message: `cannot connect to the sink database: too many connections for role "${role}"`,
      hint: expect.stringMatching(
        new RegExp(`two where source and sink are one server.*ALTER ROLE "${role}" CONNECTION LIMIT 3`),
      ) as string,
    });
  } finally {
    await database.client.query(`DROP ROLE ${role}`);
  }
});

test.each([
  ['53300', 'sorry, too many clients already', 'max_connections'],
  [
    '53300',
    'remaining connection slots are reserved for roles with the SUPERUSER attribute',
    'max_connections',
  ],
  ['53300', 'too many connections for database "Sales"', 'ALTER DATABASE "Sales"'],
  ['53300', 'zu viele Verbindungen', 'Raise the limit'],
  ['08P01', 'no more connections allowed (max_client_conn)', 'max_client_conn'],
  ['08P01', 'query_wait_timeout', 'default_pool_size'],
  ['XX000', 'Max client connections reached', 'PgBouncer'],
  ['XX000', 'MaxClientsInSessionMode: max clients reached - in Session mode', 'PgBouncer'],
])('%s, %s', (code, message, hint) => {
  const error = databaseError(Object.assign(new Error(message), { code }), 'here', 'connect');
  expect(error).toMatchObject({ code: 'too_many_connections', retryable: true });
  expect(error.hint).toMatch(/A run needs .* two/);
  expect(error.hint).toContain(hint);
});
