import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { batchFaults } from '../../../src/emulator/faults/batch-faults.ts';
import { httpFaults } from '../../../src/emulator/faults/http-faults.ts';
import { checkFaults, parseFaults, readFaultsFile } from '../../../src/emulator/faults/read-faults.ts';
import { rowFaults } from '../../../src/emulator/faults/row-faults.ts';
import { startTestEmulator, temporaryFolder } from '../client.ts';

const guide = new URL('../../../docs/emulator.md', import.meta.url);

type Named = readonly { readonly shape: { readonly fault: { readonly value: string } } }[];

function names(section: string, faults: Named): readonly string[] {
  return faults.map(({ shape }) => `${section} ${shape.fault.value}`);
}

describe('the guide', () => {
  test('has an example of every fault, and all of them can be used as they stand', async () => {
    const text = await readFile(guide, 'utf8');
    const examples = [...text.matchAll(/```yaml\n((?:seed|limits|rows|batches|http):[\s\S]*?)```/g)];
    const used = new Set<string>();
    for (const [, example = ''] of examples) {
      const faults = checkFaults(parseFaults(example, 'docs/emulator.md'));
      for (const section of ['rows', 'batches', 'http'] as const) {
        for (const { fault } of faults[section]) used.add(`${section} ${fault}`);
      }
    }
    const all = [...names('rows', rowFaults), ...names('batches', batchFaults), ...names('http', httpFaults)];
    expect([...used].toSorted()).toEqual(all.toSorted());
  });
});

const mistakes: [string, string][] = [
  ['- 1', 'f:1:1  must be a map of keys'],
  ['rwos: []', 'f:1:1  rwos  unknown key  (did you mean rows?)'],
  ['rows:', 'f:1:1  rows  must be a list'],
  ['rows: [7]', 'f:1:8  rows[0]  must be a map of keys'],
  ['rows: [{ every: 2 }]', 'f:1:8  rows[0].fault  is required; must be one of status, error, missing'],
  ['rows:\n  - fault: mising', 'f:2:5  rows[0].fault  must be one of'],
  ['rows:\n  - fault: mising', '(did you mean missing?)'],
  ['rows: [{ fault: missing, evry: 2 }]', 'f:1:26  rows[0].evry  unknown key  (did you mean every?)'],
  ['rows: [{ fault: missing, every: 0 }]', 'rows[0].every  must be at least 1'],
  ['rows: [{ fault: missing, every: x }]', 'rows[0].every  must be a number'],
  ['rows: [{ fault: missing, custom_ids: [] }]', 'rows[0].custom_ids  must not be empty'],
  ['rows: [{ fault: status, status: 200 }]', 'rows[0].status  must be'],
  ['batches: [{ fault: stuck, status: done }]', 'batches[0].status  must be one of validating, in_progress'],
  [
    'batches: [{ fault: late_files, for: 3 }]',
    'batches[0].for  must be a duration like 250ms, 90s, 15m, 6h or 14d',
  ],
  [
    'batches: [{ fault: expired, batches: all }]',
    'batches[0].batches  must be a whole number above 0, or a list',
  ],
  ['http: [{ fault: cut, on: uplod }]', 'http[0].on  must be a call or a list of calls, of upload,'],
  ['http: [{ fault: cut, after: now }]', 'http[0].after  must be a number of calls, or a duration like 90s'],
  [
    'limits: { enqueued_tokens: lots }',
    'limits.enqueued_tokens  must be a whole number above 0, or one for each',
  ],
  ['rows: [', 'f:1:'],
];

test.each(mistakes)('%j is refused with its place: %s', (text, message) => {
  expect(() => parseFaults(text, 'f')).toThrow(
    expect.objectContaining({
      code: 'invalid_faults',
      message: expect.stringContaining(message),
      exitCode: 2,
    }),
  );
});

test('all that is wrong is listed at once', () => {
  const text = 'rows: [{ fault: missing, every: 0 }]\nbatches: [{ fault: expired, after: 2 }]\nx: 1';
  expect(() => parseFaults(text, 'f')).toThrow(/3 problems:\n.*\n.*\n.*/);
});

test('an empty file has no faults, and JSON will do', () => {
  expect(parseFaults('', 'f')).toEqual({});
  expect(parseFaults('{"rows":[{"fault":"missing"}]}', 'f')).toEqual({ rows: [{ fault: 'missing' }] });
});

test('a file that cannot be read is named', async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'none.yaml');
  await expect(readFaultsFile(path)).rejects.toMatchObject({ code: 'faults_unreadable', where: path });
  await writeFile(path, 'seed: 4');
  expect(await readFaultsFile(path)).toEqual({ seed: 4 });
});

test('an emulator does not start with faults that are none', async () => {
  await expect(
    startTestEmulator({ faults: { rows: [{ fault: 'missing', every: 0 }] } }),
  ).rejects.toMatchObject({
    code: 'invalid_faults',
  });
});
