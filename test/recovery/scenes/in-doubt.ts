import Anthropic from '@anthropic-ai/sdk';
import { expect } from 'vitest';
import { acceptedBatches, paidLines } from '../../support/bill.ts';
import { providerAt } from '../../support/emulator.ts';
import {
  allOk,
  answerTo,
  expectCounts,
  expectNoPartialFiles,
  ids,
  newestRun,
  run,
  tableRows,
  type Scene,
} from '../scene.ts';
import type { World } from '../world.ts';
import { notesPipeline, notesScene, rowCount, rowsPerFile } from './notes.ts';

const model = 'claude-haiku-4-5';
/** Batches of the size of ours: one of other ids, and one for each of our files of the same ids at another model. */
const strangers = 1 + rowCount / rowsPerFile;

/** Another pipeline over the same rows, and somebody who has nothing to do with them. */
async function addStrangers(world: World): Promise<void> {
  const baseURL = new URL(world.places.provider).origin;
  const client = new Anthropic({ baseURL, apiKey: 'test-key', maxRetries: 0 });
  const create = async (named: readonly string[]): Promise<void> => {
    const requests = named.map((id) => ({
      custom_id: id,
      params: {
        model: 'claude-sonnet-4-5',
        max_tokens: 64,
        messages: [{ role: 'user' as const, content: `sum up ${id}` }],
      },
    }));
    await client.messages.batches.create({ requests });
  };
  const keys = ids(rowCount);
  await create(keys.slice(0, rowsPerFile).map((id) => `their-${id}`));
  for (let first = 0; first < rowCount; first += rowsPerFile)
    await create(keys.slice(first, first + rowsPerFile));
}

/** What cannot be told from the batch of another pipeline is for a person to decide. */
async function decide(world: World): Promise<void> {
  for (;;) {
    const { code, stderr } = await world.type(run, 0, 1, 4);
    if (code === 0 || (code === 4 && stderr.includes('has already bought'))) return;
    if (!stderr.includes('batch of file')) throw new Error(`exit 1: ${stderr}`);
    await world.type(['retry', await newestRun(world), '--lost'], 0);
  }
}

/** `run` beside strangers, where nothing names a batch and the reply to a create is lost. */
const inDoubt: Scene = {
  ...notesScene,
  name: 'run_anthropic_lost_reply',
  emulator: {
    latencyMs: 60,
    // The strangers' creates come first.
    faults: {
      http: [{ fault: 'cut', on: 'create_batch', requests: strangers + 1, effect: 'done' }],
    },
  },
  pipeline: (places) => ({
    ...notesPipeline(places),
    request: { endpoint: 'chat', model, prompt: '{{ body }}' },
    provider: { ...providerAt(new URL(places.provider).origin), type: 'anthropic' },
  }),
  before: addStrangers,
  command: () => run,
  after: decide,
  expect: expectOwnOnce,
  about: 120,
  doors: ['http POST /v1/messages/batches sent', 'http POST /v1/messages/batches answered'],
};

/** Every row has its own answer, and was paid for once. */
async function expectOwnOnce(world: World): Promise<void> {
  expect(await tableRows(world)).toEqual(ids(rowCount).map((id) => ({ id, answer: answerTo(id) })));
  const [first] = await world.runs();
  if (first === undefined) throw new Error('There is no run in the ledger.');
  expectCounts(first, 'completed', allOk(rowCount));
  const bill = await world.emulator.bill();
  const paid = paidLines(bill);
  expect(paid).toHaveLength(new Set(paid).size);
  expect(acceptedBatches(bill)).toBe(strangers + rowCount / rowsPerFile);
  await expectNoPartialFiles(world);
}

export const inDoubtScenes: readonly Scene[] = [inDoubt];
