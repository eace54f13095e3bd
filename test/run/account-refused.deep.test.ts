import { expect, it } from 'vitest';
import { failedWith, type Rewrite } from '../support/result-rewriter.ts';
import { rewriting } from './retries-scene.ts';
import { scene, useNotes } from './scene.ts';

const rows = 400;
useNotes(rows);

const none: Rewrite = (lines, batch) =>
  batch > 1
    ? { output: lines, errors: null }
    : {
        output: null,
        errors: lines.map((line) => failedWith(line, 403, { code: 'forbidden', message: 'No.' })),
      };

it('does not hold up the run that goes on, however many rows the account was refused for', async () => {
  await using setting = await scene(rewriting(none), { batch: { max_requests: rows, max_attempts: 1 } });
  const { project } = setting;
  const { code, stderr } = await project.run();
  expect(code).toBe(1);
  // Where no row of a batch was answered, a bare 403 is the account's.
  expect(stderr).toContain(`${rows} with forbidden`);
  expect(stderr).not.toContain('--no-breaker');
  expect((await project.summary()).rows).toMatchObject({ ok: rows, failed: 0, pending: 0 });
});
