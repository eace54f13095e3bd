import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { batchesOf } from '../support/batches-of.ts';
import { createEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { tinyFiles } from '../support/tiny-files.ts';
import { answers, errorsOf, pipeline, useNotes } from './scene.ts';

useNotes();

const dataUrl = `data:image/gif;base64,${tinyFiles.gif.toString('base64')}`;

const photos = [
  ['1', 'photos/a.png', ''],
  ['2', 'https://example.com/b.jpg', ''],
  ['3', dataUrl, ''],
  ['4', 'photos/late.webp', ''],
  ['5', 'photos/link.png', ''],
  ['6', '', 'photos/bill.pdf'],
  ['7', 'photos/bill.pdf', ''],
  ['8', '../../etc/hostname', ''],
] as const;

const content = [{ text: 'Photo {{ id }}' }, { image: '{{ photo }}' }, { file: '{{ bill }}' }];

async function photoProject(url: string, request: object = {}): Promise<PipelineProject> {
  const project = await PipelineProject.create(
    pipeline(url, {
      request: {
        prompt: undefined,
        messages: [
          { role: 'system', content: [{ text: 'Look.' }] },
          { role: 'user', content },
        ],
        ...request,
      },
      rest: { source: { type: 'csv', path: 'photos.csv', key: 'id' } },
    }),
  );
  const rows = photos.map((row) => row.map((cell) => `"${cell}"`).join(','));
  await project.write('photos.csv', ['id,photo,bill', ...rows, ''].join('\n'));
  await mkdir(project.path('photos'));
  await writeFile(project.path('photos/a.png'), tinyFiles.png);
  await writeFile(project.path('photos/bill.pdf'), tinyFiles.pdf);
  await symlink(process.execPath, project.path('photos/link.png'));
  return project;
}

interface Line {
  readonly body: { readonly messages: readonly { readonly content: readonly unknown[] }[] };
}

const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const text = (id: string) => ({ type: 'text', text: `Photo ${id}` });
const pdf = `data:application/pdf;base64,${tinyFiles.pdf.toString('base64')}`;

it('sends images by path, address and data URL, and fails the rows whose files it may not have, alone', async () => {
  await using emulator = await createEmulator();
  await using project = await photoProject(emulator.url);
  expect((await project.summary(1)).rows).toMatchObject({ requested: 8, ok: 4, failed: 4 });
  expect((await answers()).map(({ id }) => id)).toEqual([1, 2, 3, 6]);

  const failures = await errorsOf(project);
  expect(failures.map(({ key, stage, code, attempts }) => [key, stage, code, attempts])).toEqual([
    ['4', 'render', 'part_not_found', 0],
    ['5', 'render', 'part_outside', 0],
    ['7', 'render', 'part_type', 0],
    ['8', 'render', 'part_outside', 0],
  ]);
  expect(failures[0]?.['message']).toMatch(/photos\.csv:5: .*photos\/late\.webp.*put it there/);

  const lines = (await batchesOf(emulator.url)).flatMap((batch) => [...batch.lines]);
  const sent = lines.map(([id, line]) => [id, (JSON.parse(line) as Line).body.messages[1]?.content]);
  expect(sent).toEqual([
    ['1', [text('1'), image(`data:image/png;base64,${tinyFiles.png.toString('base64')}`)]],
    ['2', [text('2'), image('https://example.com/b.jpg')]],
    ['3', [text('3'), image(dataUrl)]],
    ['6', [text('6'), { type: 'file', file: { filename: 'bill.pdf', file_data: pdf } }]],
  ]);

  // A file that is there by now is sent, one that has changed is asked anew, and nothing else is.
  await writeFile(project.path('photos/late.webp'), tinyFiles.webp);
  await writeFile(project.path('photos/a.png'), tinyFiles.jpeg);
  expect((await project.summary(1)).rows).toMatchObject({ skipped: 3, ok: 2, failed: 3 });
});

it('asks again of a message with parts, by Responses too', async () => {
  const output = {
    schema: {
      type: 'object',
      properties: { tag: { type: 'string' } },
      required: ['tag'],
      additionalProperties: false,
    },
    on_invalid: 'reask',
  };
  const rows: FaultsInput['rows'] = [{ fault: 'misfit', every: 1, attempts: 1 }];
  await using emulator = await createEmulator({ faults: { rows } });
  await using project = await photoProject(emulator.url, { endpoint: 'responses', output });
  const { rows: counted } = await project.summary(0, '--set', 'max_failed_rows=4');
  expect(counted).toMatchObject({ ok: 4, failed: 4 });
  const [first, again] = (await batchesOf(emulator.url)).map(
    ({ lines }) => (JSON.parse(lines.get('2') ?? '') as { body: { input: unknown[] } }).body.input,
  );
  expect(first?.[1]).toEqual({
    role: 'user',
    content: [
      { type: 'input_text', text: 'Photo 2' },
      { type: 'input_image', image_url: 'https://example.com/b.jpg' },
    ],
  });
  expect(again?.slice(0, 2)).toEqual(first);
  expect(again).toHaveLength(4);
});

it('builds them, and says where a part is wrong before anything is read', async () => {
  await using project = await photoProject('http://127.0.0.1:1/v1');
  const built = await project.cli('build', 'pipeline.yaml', '--out', 'out');
  expect([built.code, built.stderr.includes('part_outside')]).toEqual([0, false]);
  expect((await project.read('out/requests-00001.jsonl')).trim().split('\n')).toHaveLength(4);
  const { code, stderr } = await project.run('--set', 'request.messages.1.content.1.image={{ foto }}');
  expect(code).toBe(2);
  expect(stderr).toContain('"foto"');
});
