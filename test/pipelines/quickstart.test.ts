import { chmod, mkdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { copyExamples, readEmails, runExample, succeed } from './example-project.ts';

test('the quickstart runs with nothing else at hand, and its second run sends nothing', async () => {
  await using project = await copyExamples({});
  // As root the embedded server runs as nobody, who may then enter, so that its data end with the project.
  await chmod(project.folder, 0o755);
  await mkdir(project.path('pipelines/.pipeline'), { mode: 0o755 });
  const emails = (await readEmails()).length;

  const first = await succeed(project, 'run', 'pipelines/quickstart.yaml');
  expect(first).toContain(`${emails} requested = ${emails} ok + 0 failed + 0 pending`);
  expect(first).toContain('email_id');
  expect(first).toContain('easy-ham-1/00001');
  expect(first).toContain('--full-refresh');
  expect(Math.max(...first.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);

  const second = await runExample(project, 'quickstart.yaml');
  expect(second.rows).toMatchObject({ records: emails, read: emails, skipped: emails, requested: 0 });
  expect(second).toMatchObject({ batches: { total: 0 }, cost_usd: 0 });

  const results = await succeed(project, 'results', 'pipelines/quickstart.yaml', '-n', '3');
  const [header, , ...rows] = results.trimEnd().split('\n');
  expect(header?.split(/ +/)).toEqual(['email_id', 'folder', 'category', 'tags', 'summary']);
  expect(rows).toHaveLength(3);

  const status = await succeed(project, 'status', 'pipelines/quickstart.yaml');
  expect(status).toContain(second.run_id);
});
