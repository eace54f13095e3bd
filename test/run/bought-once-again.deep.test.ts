import { describe, expect, it } from 'vitest';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createEmulator, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { useBoughtOnce, database, pipeline, newlyPaid, breakOff } from './bought-once-scene.ts';

useBoughtOnce();

describe('the next run of a pipeline whose table keeps request_hash', () => {
  it('sends what is new or changed, and nothing else', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await project.summary();
    expect(await newlyPaid()).toBe(10);

    const again = await project.run();
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was sent') });
    expect(await newlyPaid()).toBe(0);
    expect((await project.status()).rows).toMatchObject({ read: 10, skipped: 10, requested: 0, ok: 0 });

    await database.client.query(`UPDATE notes SET body = 'changed' WHERE id = 7`);
    await database.client.query(`INSERT INTO notes VALUES (11, 'new')`);
    const third = await project.summary();
    expect(third.rows).toMatchObject({ read: 11, skipped: 9, requested: 2, ok: 2 });
    expect(await newlyPaid()).toBe(2);
    const { rows } = await database.client.query('SELECT answer FROM answers WHERE id = 7');
    expect(rows).toEqual([{ answer: promptAnswer('changed') }]);
  });
});

describe('the next run of a pipeline whose table keeps no request_hash', () => {
  it('needs --new-run', async () => {
    await newlyPaid();
    await database.client.query('CREATE TABLE answers (id bigint PRIMARY KEY, answer text)');
    await using project = await PipelineProject.create(pipeline());
    const { run_id: first } = await project.summary();
    const refused = await project.run();
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(new RegExp(`^error: Run ${first} .*10 rows`, 'm'));
    expect(refused.stderr).toMatch(/^hint: .*request_hash.*--new-run/m);
    expect(await newlyPaid()).toBe(10);
    const second = await project.summary(0, '--new-run');
    expect(second.run_id).not.toBe(first);
    expect(second.rows).toMatchObject({ requested: 10, ok: 10 });
    expect(await newlyPaid()).toBe(10);
  });
});

describe('an unfinished run', () => {
  it('is gone on with by the same command, which says so first', async () => {
    await newlyPaid();
    await using project = await PipelineProject.create(pipeline());
    await breakOff(project);
    const unfinished = await project.status();
    expect(unfinished.status).toBe('interrupted');
    const { code, stderr } = await project.run();
    expect(code).toBe(0);
    expect(stderr.split('\n')[0]).toContain(unfinished.run_id);
    expect(stderr.split('\n')[0]).toMatch(/resum|continu|go(es|ing) on/i);
    expect((await project.status()).run_id).toBe(unfinished.run_id);
    expect(await newlyPaid()).toBe(10);
  });

  it('is not gone on with by other requests', async () => {
    await using project = await PipelineProject.create(pipeline());
    await breakOff(project);
    const unfinished = await project.status();
    await newlyPaid();
    await project.write('pipeline.yaml', pipeline({ request: { prompt: 'Better: {{ body }}' } }));
    const refused = await project.run();
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(unfinished.run_id);
    expect(refused.stderr).toMatch(/request\.prompt: "\{\{ body \}\}" -> "Better: \{\{ body \}\}"/);
    expect(refused.stderr).toMatch(/^hint: .*--new-run/m);
    expect(await newlyPaid()).toBe(0);
    const other = await project.summary(0, '--new-run');
    expect(other.rows).toMatchObject({ requested: 10, ok: 10 });
    expect(other.run_id).not.toBe(unfinished.run_id);
  });

  it('belongs to one process at a time', async () => {
    await newlyPaid();
    await using slow = await createEmulator({ latencyMs: 60_000 });
    await using project = await PipelineProject.create({ ...pipeline(), provider: providerAt(slow.url) });
    const submitted = Promise.withResolvers<void>();
    const first = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], (line) => {
      if (line.includes('"BatchSubmitted"')) submitted.resolve();
    });
    await submitted.promise;
    const second = await project.run();
    expect(second).toMatchObject({ code: 4, stdout: '' });
    expect(second.stderr).toMatch(/^error: Another process/m);
    first.child.kill('SIGINT');
    const stopped = await first.result;
    expect(stopped.code).toBe(130);
    expect((await project.status()).status).toBe('interrupted');
    expect(new Set(paidLines(await slow.bill())).size).toBe(paidLines(await slow.bill()).length);
  });
});
