import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { holdAgainst, type Likeness } from '../../src/batch/held-against.ts';
import { SentRequests } from '../../src/batch/sent-requests.ts';
import { longestRow } from '../../src/core/longest-row.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import { openai } from '../../src/providers/openai.ts';
import { RequestLines } from '../../src/request/request-lines.ts';
import { storedChunk } from './chunk-record.ts';
import { temporaryFolder } from './temporary-folder.ts';

const request = requestBlock.parse({ endpoint: 'chat', model: 'small-1', prompt: '{{ body }}' });
const lines = new RequestLines(openai.dialect, request);
const never = new AbortController().signal;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

function answer(id: string, changes: { model?: string; tokens?: number | null; pad?: number } = {}): string {
  const { model = 'small-1', tokens = 11, pad = 0 } = changes;
  const message = { role: 'assistant', content: 'x'.repeat(pad) };
  const usage = tokens === null ? undefined : { prompt_tokens: tokens };
  const body = { model, choices: [{ message, finish_reason: 'stop' }], usage };
  return JSON.stringify({ custom_id: id, response: { status_code: 200, body }, error: null });
}

function failure(id: string): string {
  return JSON.stringify({ custom_id: id, response: null, error: { code: 'batch_expired', message: 'late' } });
}

async function* bytesOf(text: readonly string[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text.map((line) => `${line}\n`).join(''));
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

/** Holds result lines against a file of the requests a, b and c, each estimated at 11 tokens. */
async function hold(...parts: readonly (readonly string[])[]): Promise<Likeness> {
  await storedChunk(folder.path, ['a', 'b', 'c']);
  const path = join(folder.path, 'requests-00001.jsonl');
  const sent = await SentRequests.read(path, 3, lines, never);
  expect(sent.tokensAt(sent.placeOf('b'))).toBe(11);
  return holdAgainst({ sent, lines, model: 'small-1', tokensPerEstimate: 1 }, parts.map(bytesOf));
}

const nothing = {
  lines: 0,
  ids: 0,
  others: { strangers: 0, unread: 0 },
  answers: 0,
  otherModel: 0,
  alike: 0,
};

it('counts each id once, over all parts', async () => {
  expect(await hold([answer('a'), answer('a'), answer('c')], [failure('b')])).toEqual({
    ...nothing,
    lines: 4,
    ids: 3,
    answers: 3,
    alike: 3,
  });
});

it('tells strangers from lines that nobody can read', async () => {
  expect(await hold([answer('z'), '{"no":"result"}', 'no JSON', failure('y')])).toEqual({
    ...nothing,
    lines: 4,
    others: { strangers: 2, unread: 2 },
  });
});

it('counts answers by another model, and those to prompts of another length', async () => {
  const found = await hold([
    answer('a', { model: 'large-1', tokens: 5 }),
    answer('b', { tokens: 22 }),
    answer('c', { tokens: null }),
  ]);
  expect(found).toEqual({ ...nothing, lines: 3, ids: 3, answers: 3, otherModel: 1, alike: 1 });
});

it('holds no line that is above the longest', async () => {
  const found = await hold([answer('a', { pad: longestRow }), answer('b')]);
  expect(found).toMatchObject({ lines: 2, ids: 1, others: { unread: 1 } });
});

it('says that the file with the requests is gone', async () => {
  const path = join(folder.path, 'none.jsonl');
  await expect(SentRequests.read(path, 3, lines, never)).rejects.toMatchObject({ code: 'rows_gone' });
});
