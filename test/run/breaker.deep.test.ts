import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { pipeline, useNotes } from './scene.ts';

useNotes();

const faults: FaultsInput = { rows: [{ fault: 'status', status: 400 }] };

/** 1,000 rows in files so small, and so few at a time, that most are not sent yet when the first are judged. */
async function manyNotes(url: string): Promise<PipelineProject> {
  const project = await PipelineProject.create(
    pipeline(url, {
      batch: { max_requests: 120, max_enqueued_tokens: 1500 },
      rest: { source: { type: 'csv', path: 'notes.csv', key: 'id' } },
    }),
  );
  const rows = Array.from({ length: 1000 }, (_, row) => `${row},note ${row}\n`);
  await project.write('notes.csv', `id,body\n${rows.join('')}`);
  return project;
}

it('sends nothing more when most of the first answers fail with one code', async () => {
  await using emulator = await createEmulator({ faults });
  await using own = await manyNotes(emulator.url);
  const { code, stderr } = await own.run('--quiet');
  expect(code).toBe(1);
  expect(stderr).toMatch(/of the first \d+ answers failed with \w+, so nothing more is sent.*--no-breaker/s);
  const { rows } = await own.status();
  expect(rows.failed).toBeGreaterThan(100);
  expect(rows.failed).toBeLessThan(1000);
  const before = acceptedBatches(await emulator.bill());
  expect(await own.run('--quiet')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing more'),
  });
  expect(acceptedBatches(await emulator.bill())).toBe(before);
  expect((await own.summary(1, '--no-breaker')).rows).toMatchObject({ ok: 0, failed: 1000, pending: 0 });
});

it('is gone past by collect, where it is told so', async () => {
  await using emulator = await createEmulator({ faults });
  await using own = await manyNotes(emulator.url);
  expect((await own.run('--quiet')).code).toBe(1);
  const before = acceptedBatches(await emulator.bill());
  expect((await own.cli('collect', '--quiet')).code).toBe(1);
  expect(acceptedBatches(await emulator.bill())).toBe(before);
  const { code, stderr } = await own.cli('collect', '--quiet', '--no-breaker');
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
  expect(acceptedBatches(await emulator.bill())).toBeGreaterThan(before);
});
