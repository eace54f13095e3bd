import { describe, expect, test } from 'vitest';
import { openDuckdb } from './duckdb-support.ts';
import { readRows, SourceFolder } from './source-folder.ts';

const rowCount = 30_000;

/** A file whose line 25,001 is another one than the first rows let expect. */
function lateCsv(odd: string): string {
  const lines = Array.from({ length: rowCount }, (_, at) => (at === 24_999 ? odd : `${at + 1},${at}`));
  return `id,n\n${lines.join('\n')}\n`;
}

async function faultOf(
  files: Readonly<Record<string, string | Buffer>>,
  query: string,
): Promise<{ readonly message: string; readonly where: string; readonly hint: string }> {
  await using folder = await SourceFolder.create(files);
  const reading = async (): Promise<unknown> => {
    await using source = await openDuckdb(folder, { query });
    return readRows(
      source,
      source.fields.map(({ name }) => name),
    );
  };
  const error: unknown = await reading().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ code: 'bad_data' });
  return error as Awaited<ReturnType<typeof faultOf>>;
}

describe('a value that does not fit its column keeps what DuckDB says of it', () => {
  test('of a CSV file the line, the column, the value and what to do', async () => {
    const { message, where, hint } = await faultOf(
      { 'a.csv': lateCsv('25000,n/a') },
      "SELECT * FROM 'a.csv'",
    );
    expect(message).toBe(`Error when converting column "n". Could not convert string "n/a" to 'BIGINT'`);
    expect(where).toMatch(/a\.csv:25001$/);
    expect(hint).toMatch(/guessed from the first rows.*types = .*all_varchar = true/);
  });

  test('where the query gave the type', async () => {
    const query = "SELECT * FROM read_csv('a.csv', types = {'n': 'INTEGER'})";
    const { message, hint } = await faultOf({ 'a.csv': 'id,n\n1,"Error when\nno file"\n' }, query);
    expect(message).toBe(
      `Error when converting column "n". Could not convert string "Error when no file" to 'INTEGER'`,
    );
    expect(hint).toMatch(/nullstr/);
  });

  test.each([
    ['permission denied', /^Could not convert string 'permission denied' to INT32/],
    ['a\nb', /^Could not convert string 'a b' to INT32/],
    [
      'x'.repeat(10_000),
      /^Could not convert string 'x{174} \.\.\. x+' to INT32 when casting from source column n$/,
    ],
  ])('in a cast, of whatever it is made: %#', async (value, expected) => {
    const query = "SELECT id, CAST(n AS INTEGER) AS n FROM read_csv('a.csv', all_varchar = true)";
    const { message, hint } = await faultOf({ 'a.csv': `id,n\n1,"${value}"\n2,"${value}"\n` }, query);
    expect(message).toMatch(expected);
    expect(message.length).toBeLessThanOrEqual(310);
    expect(hint).toMatch(/TRY_CAST/);
  });

  test('of JSON, its place and the sample', async () => {
    const lines = Array.from(
      { length: rowCount },
      (_, id) => `{"id":${id},"n":${id === 25_000 ? '"no"' : id}}`,
    );
    const { message, hint } = await faultOf({ 'a.jsonl': lines.join('\n') }, "SELECT * FROM 'a.jsonl'");
    expect(message).toMatch(/a\.jsonl", in line 25001: Failed to cast value to numerical: "no"$/);
    expect(hint).toMatch(/sample_size = -1/);
  });
});

test.each([
  ['sep=;\nid;body\n1;a\n', /Excel names the delimiter.*skip = 1/],
  ['id,body\n1,a\n2,b\n\x1a', /Ctrl-Z \(0x1A\)/],
])('what Excel writes is told of where DuckDB takes it for something else: %j', async (text, hint) => {
  await using folder = await SourceFolder.create({ 'a.csv': text });
  await expect(openDuckdb(folder, { query: "SELECT * FROM 'a.csv'" })).rejects.toMatchObject({
    code: 'unknown_column',
    hint: expect.stringMatching(hint) as string,
  });
});

test.each([
  [lateCsv('25000,1,2'), 'a.csv', /^Expected Number of Columns: 2 Found: 3$/, /ignore_errors/],
  [Buffer.from('id,n\n1,a\n2,\u00fc\n', 'latin1'), 'a.csv', /^Invalid unicode/, /encoding = 'latin-1'/],
  ['{"id":1}\n{"id":2\n{"id":3}\n', 'a.jsonl', /^Malformed JSON in file .* in line \d/, /ignore_errors/],
  ['PAR1 and no more', 'a.parquet', /a\.parquet/, /not written to its end/],
  ['id\n1\n', 'a.csv.gz', /a\.csv\.gz/, /damaged/],
] as const)('a damaged file is told of as such: %#', async (content, name, message, hint) => {
  const fault = await faultOf({ [name]: content }, `SELECT * FROM '${name}'`);
  expect(fault.message).toMatch(message);
  expect(fault.hint).toMatch(hint);
});
