import { describe, expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createNamelessServer } from './in-doubt-provider.ts';
import { answers, expected, parseLines, pipeline, rowCount, useNotes } from './scene.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

useNotes();

/** A project at a server that shows neither metadata nor input of a batch. */
async function nameless() {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator());
  const server = resources.use(await createNamelessServer(emulator.url));
  const project = resources.use(await PipelineProject.create(pipeline(server.url)));
  const kept = resources.move();
  return { emulator, server, project, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

describe('a server that shows neither metadata nor input of a batch', () => {
  it('keeps the batch of a create whose reply was cut', async () => {
    await using setting = await nameless();
    setting.server.cutNextCreate();
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(paidLines(await setting.emulator.bill())).toHaveLength(rowCount);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('is asked anew after each death of the process while its batch is in doubt', async () => {
    await using setting = await nameless();
    const { server, project, emulator } = setting;
    server.hold();
    server.cutNextCreate();
    for (const _ of [1, 2]) {
      const { child, result } = project.watch(['run', 'pipeline.yaml'], (line) => {
        if (line.includes('is not known')) child.kill('SIGKILL');
      });
      await result;
      expect(child.signalCode).toBe('SIGKILL');
    }
    expect(await project.status()).toMatchObject({ batches: { waiting: 1, unsettled: 1 } });
    server.release();
    expect((await project.summary()).rows).toMatchObject({ ok: rowCount });
    expect(acceptedBatches(await emulator.bill())).toBe(1);
  });

  it('may have the batch of another pipeline over the same table, which is not taken', async () => {
    await using setting = await nameless();
    const { server, project, emulator } = setting;
    await using other = await PipelineProject.create(
      pipeline(server.url, { request: { model: 'gpt-4o' }, sink: { table: 'other_answers' } }),
    );
    expect((await other.summary()).rows).toMatchObject({ ok: rowCount });
    server.loseNextCreate();
    const { code, stdout } = await project.run('--json');
    expect(code).toBe(1);
    const [summary] = parseLines(stdout);
    expect(summary).toMatchObject({
      status: 'failed',
      rows: { pending: rowCount },
      batches: { unsettled: 1 },
      error: {
        code: 'create_in_doubt',
        hint: expect.stringMatching(/recover .*--batch batch_.*retry .*--lost/),
      },
    });
    expect(acceptedBatches(await emulator.bill())).toBe(1);
    const { run_id: runId } = await project.status();
    const retried = await project.cli('retry', runId, '--lost');
    expect({ ...retried, stdout: '' }).toMatchObject({ code: 0 });
    expect(await answers()).toEqual(expected(() => 1));
    expect(acceptedBatches(await emulator.bill())).toBe(2);
  });

  it('is cancelled with what may be its own, which is named, and recovered by hand', async () => {
    await using setting = await nameless();
    const { server, project, emulator } = setting;
    server.hideResults();
    server.cutNextCreate();
    expect((await project.run()).code).toBe(1);
    const { run_id: runId } = await project.status();
    const cancelled = await project.cli('cancel', runId);
    expect(cancelled).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/batch_\w+ \(cannot be read\)/),
    });
    server.showResults();
    const [id = ''] = /batch_\w+/.exec(cancelled.stderr) ?? [];
    const recovered = await project.cli('recover', 'pipeline.yaml', '--batch', id);
    expect(recovered).toMatchObject({ code: 0, stderr: expect.stringContaining(`pipeline cancel ${runId}`) });
    expect((await project.cli('cancel', runId)).code).toBe(0);
    expect(await answers()).toEqual(expected(() => 1));
    expect(acceptedBatches(await emulator.bill())).toBe(1);
  });
});
