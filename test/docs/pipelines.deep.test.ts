import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPipeline, runPipeline } from '../../src/index.ts';
import { PageWorld } from './page-world.ts';
import { frame, pipelineBlocks, placeOf } from './pipeline-blocks.ts';

/** Every pipeline of the pages, and every part of one in a frame, is run against a Postgres and the emulator. */

let world: PageWorld;

beforeAll(async () => {
  world = await PageWorld.create();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** What runs in tests of its own, for what this world lacks. */
const elsewhere: readonly (readonly [holding: RegExp, why: string])[] = [
  [/type: vector\(/, 'the server has no pgvector: test/sinks/postgres'],
  [/'\{\{ photo \}\}'/, 'photographs: test/pipelines/receipts.test.ts'],
];

const blocks = pipelineBlocks.filter(({ text }) => !elsewhere.some(([holding]) => holding.test(text)));

test.each(blocks.map((block) => [placeOf(block), block] as const))('%s runs', async (place, block) => {
  await world.database.client.query('DROP TABLE IF EXISTS ticket_tags');
  if (!block.text.includes('create: true'))
    await world.database.client.query(
      'CREATE TABLE ticket_tags (ticket_id bigint PRIMARY KEY, text text, model text, request_hash text)',
    );
  const name = place.replaceAll(/\W+/g, '-');
  const path = join(world.folder, `${name}.yaml`);
  const pipeline = { ...world.answered(frame(block)), name, state: `.${name}` };
  await writeFile(path, JSON.stringify(pipeline));
  const loaded = await loadPipeline(path, { env: world.env });
  const { summary, exitCode } = await runPipeline(loaded, { newRun: true });
  expect(exitCode).toBe(0);
  expect(summary).toMatchObject({ status: 'completed', rows: { failed: 0, pending: 0 } });
});

test('what is left out is there', () => {
  for (const [holding] of elsewhere) expect(pipelineBlocks.some(({ text }) => holding.test(text))).toBe(true);
});
