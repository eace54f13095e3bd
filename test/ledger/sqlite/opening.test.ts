import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-ledger.ts';

const rounds = 60;

test('processes that make one ledger at the same moment all get it', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'batchline-ledger-'));
  try {
    const child = join(import.meta.dirname, 'opening-child.ts');
    const children = [1, 2].map(() =>
      spawn(process.execPath, [child, parent], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    for (let round = 0; round < rounds; round += 1) {
      const told = children.map(async ({ stdout }) => String(await once(stdout, 'data')));
      for (const { stdin } of children) stdin.write(`${round}\n`);
      expect(await Promise.all(told)).toEqual(['ok\n', 'ok\n']);
    }
    for (const { stdin } of children) stdin.end();
    await using ledger = await openSqliteLedger(join(parent, '0'));
    expect(await ledger.runs()).toEqual([]);
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
});
