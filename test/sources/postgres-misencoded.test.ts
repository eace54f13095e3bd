import { expect, test } from 'vitest';
import type { BatchlineError } from '../../src/core/errors.ts';
import { createDatabase } from '../support/database.ts';
import { open, readAll } from './postgres-support.ts';

test('text of an SQL_ASCII database that is not UTF-8 is named with row and column, and read as the hint says', async () => {
  await using database = await createDatabase(
    "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
  );
  await database.client.query(
    String.raw`CREATE TABLE notes (id integer PRIMARY KEY, title text, body text);
      INSERT INTO notes SELECT n, 'ok', 'plain \ ' || n FROM generate_series(1, 5) n;
      UPDATE notes SET body = convert_from('\x66fc72', 'SQL_ASCII') WHERE id = 5`,
  );
  await using source = await open({ url: database.url, table: 'notes' }, ['id']);
  const error = (await readAll(source).catch((thrown: unknown) => thrown)) as BatchlineError;
  expect(error).toMatchObject({
    code: 'invalid_encoding',
    message: 'column "body" of public.notes holds text that is not UTF-8',
    where: 'record 5 of public.notes (id = 5)',
  });
  const expression = /SELECT (.*), \.\.\.$/.exec(error.hint ?? '')?.[1];
  const query = `SELECT id, ${expression} FROM notes ORDER BY id`;
  await using converted = await open({ url: database.url, query }, ['id']);
  const rows = await readAll(converted, { fields: ['body'] });
  expect(rows.map(({ values }) => values[0])).toEqual([
    ...[1, 2, 3, 4].map((n) => String.raw`plain \ ${n}`),
    'für',
  ]);
});
