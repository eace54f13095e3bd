import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  displayTable,
  parseTableName,
  quoteIdentifier,
  quoteLiteral,
  quoteTable,
} from '../../src/pg/identifier.ts';
import { createDatabase } from '../support/database.ts';

test.each([
  ['tickets', { schema: undefined, table: 'tickets' }],
  ['Public.Tickets', { schema: 'public', table: 'tickets' }],
  ['"My Schema"."Tab.le"', { schema: 'My Schema', table: 'Tab.le' }],
  ['public."say ""hi"""', { schema: 'public', table: 'say "hi"' }],
  ['größe.Ärger', { schema: 'größe', table: 'Ärger' }],
])('%s is read as Postgres reads it', (text, name) => {
  expect(parseTableName(text)).toEqual(name);
});

test.each(['', '.', 'a.', '.a', 'a.b.c', 'a b', '"open', 'a;drop table b', '1a', '""'])(
  '"%s" is no table',
  (text) => {
    expect(() => parseTableName(text)).toThrow(expect.objectContaining({ code: 'bad_table_name' }));
  },
);

test('a quoted table name is read back as itself', () => {
  const part = fc.string({ minLength: 1, unit: 'binary' });
  fc.assert(
    fc.property(part, part, (schema, table) => {
      expect(parseTableName(quoteTable({ schema, table }))).toEqual({ schema, table });
    }),
  );
});

test('names are displayed with quotes only where they need them', () => {
  expect(displayTable({ schema: 'public', table: 'Tickets' })).toBe('public."Tickets"');
});

test('the server reads literals and identifiers as the text they stand for', async () => {
  await using database = await createDatabase();
  const text = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).filter(isName);
  const hostile = fc.constantFrom("'", "''", '\\', "\\'", '"', '"; drop table x; --', '$1', 'é\\\n');
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, hostile), async (original) => {
      const { rows, fields } = await database.client.query({
        text: `SELECT ${quoteLiteral(original)} AS ${quoteIdentifier(original)}`,
        rowMode: 'array',
      });
      expect(rows).toEqual([[original]]);
      expect(fields[0]?.name).toBe(original);
    }),
    { numRuns: 200 },
  );
});

/** Postgres cuts names to 63 bytes, and has no NUL. */
function isName(text: string): boolean {
  return !text.includes('\0') && Buffer.byteLength(text) < 64;
}
