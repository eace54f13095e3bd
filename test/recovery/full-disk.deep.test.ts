import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileSync, existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { tidyChunk } from '../../src/batch/keep-files.ts';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, type ProxiedRequest } from '../support/proxy.ts';
import { canMount, SmallDisk } from '../support/small-disk.ts';

const rowCount = 40;
const timeout = 60_000;
const allRows = { requested: rowCount, ok: rowCount, failed: 0, pending: 0 };
const prompt = (id: number) => `${'word '.repeat(20)}${id}`;

interface Folders {
  readonly state: string;
  readonly sink: string;
}

async function projectIn(url: string, { state, sink }: Folders): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'notes.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 10 },
    sink: { type: 'jsonl', path: join(sink, 'answers.jsonl'), columns: { answer: 'text' } },
    state,
  });
  const rows = Array.from({ length: rowCount }, (_, index) => `${index + 1},${prompt(index + 1)}\n`);
  await project.write('notes.csv', `id,body\n${rows.join('')}`);
  return project;
}

/** Every row once, with its own answer. */
async function expectAllAnswered(folder: string): Promise<void> {
  const lines = (await readFile(join(folder, 'answers.jsonl'), 'utf8')).trim().split('\n');
  const found = lines.map((line) => JSON.parse(line) as { readonly id: string; readonly answer: string });
  expect(found.sort((a, b) => Number(a.id) - Number(b.id))).toEqual(
    Array.from({ length: rowCount }, (_, index) => ({
      id: String(index + 1),
      answer: promptAnswer(prompt(index + 1)),
    })),
  );
}

/** Runs into a disk that is full from the first call on that `isMoment` picks, makes room, and goes on to the end. */
async function fillAt(
  isMoment: (request: ProxiedRequest) => boolean,
  place: (disk: string, project: string) => Folders,
  isAfterReply = false,
): Promise<RunSummary> {
  await using emulator = await createEmulator();
  using disk = new SmallDisk('8m');
  let isFull = false;
  await using proxy = await createProxy(emulator.url, async (request, forward) => {
    const isNow = !isFull && isMoment(request);
    isFull ||= isNow;
    if (isNow && !isAfterReply) disk.fill();
    const response = await forward();
    if (isNow && isAfterReply) disk.fill();
    return response;
  });
  await using other = await PipelineProject.create();
  await using project = await projectIn(proxy.url, place(disk.path, other.folder));
  const { code, stderr } = await project.run();
  expect({ code, stderr }).toEqual({ code: 1, stderr });
  expect(stderr).toMatch(new RegExp(`^error: The disk at ${disk.path} .* of \\d+\\.\\d MB free`, 'm'));
  expect(stderr).toMatch(/^hint: Make room on it and type the same command again; nothing is lost\.$/m);
  disk.enlarge('32m');
  const summary = await project.summary();
  await expectAllAnswered(place(disk.path, other.folder).sink);
  const paid = paidLines(await emulator.bill());
  expect(paid).toHaveLength(rowCount);
  expect(new Set(paid).size).toBe(rowCount);
  return summary;
}

const stateOn = (disk: string, project: string): Folders => ({ state: join(disk, 'state'), sink: project });
const sinkOn = (disk: string, project: string): Folders => ({ state: join(project, 'state'), sink: disk });

describe.skipIf(!canMount())('a disk that is full, and then has room again', { timeout }, () => {
  it('while batch files are written: nothing was sent', async () => {
    await using emulator = await createEmulator();
    using disk = new SmallDisk('2500k');
    await using project = await projectIn(emulator.url, stateOn(disk.path, '.'));
    await project.write('notes.csv', `id,body\n1,${'x'.repeat(1_000_000)}\n`);
    const { code, stderr } = await project.run();
    expect({ code, stderr }).toEqual({ code: 2, stderr });
    expect(stderr).toMatch(/^error: The disk at .* has too little room for 3\.0 MB more/m);
    disk.enlarge('16m');
    expect((await project.summary()).rows).toMatchObject({ requested: 1, ok: 1 });
  });

  it.each([
    ['before a file was uploaded', 'POST', /^\/files$/, false],
    ['once a batch was created', 'POST', /^\/batches$/, true],
    ['before a look at a batch', 'GET', /^\/batches\/./, false],
    ['before a download', 'GET', /\/content$/, false],
  ] as const)('%s', async (_, method, path, isAfterReply) => {
    const isMoment = (request: ProxiedRequest) => request.method === method && path.test(request.path);
    expect((await fillAt(isMoment, stateOn, isAfterReply)).rows).toMatchObject(allRows);
  });

  it('in the target of a file sink', async () => {
    const { rows } = await fillAt(({ path }) => path.endsWith('/content'), sinkOn);
    expect(rows).toMatchObject(allRows);
  });

  it('while answers are compressed: they stay as they are', async () => {
    using disk = new SmallDisk('2m');
    const output = join(disk.path, 'output-00001.jsonl');
    // Nothing that could be compressed.
    writeFileSync(output, Buffer.from(Array.from({ length: 1_000_000 }, () => Math.random() * 256)));
    disk.fill();
    await expect(tidyChunk(disk.path, 1, 'loaded', { any: false, unloaded: false })).rejects.toMatchObject({
      code: 'disk_full',
      where: `${output}.gz.partial`,
    });
    expect([existsSync(output), existsSync(`${output}.gz.partial`)]).toEqual([true, false]);
    disk.enlarge('8m');
    await tidyChunk(disk.path, 1, 'loaded', { any: false, unloaded: false });
    expect([existsSync(output), existsSync(`${output}.gz`)]).toEqual([false, true]);
  });
});
