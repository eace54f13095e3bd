import { describe, expect, it } from 'vitest';
import { jsonResponse, type Middleware } from '../support/proxy.ts';
import { errorsOf, pipeline, runSql, useNotes } from './scene.ts';
import {
  rows,
  rowsAFile,
  limit,
  parts,
  limited,
  expectAllAnswered,
  refusals,
  expectNothingTwice,
} from './token-limit-scene.ts';

useNotes(rows);

/**
 * Counts the tokens of batches that were created and not yet seen to have ended. None is seen to have ended before there
 * were more than `awaited`.
 */
class Onlooker {
  most = 0;
  readonly #awaited: number;
  readonly #files = new Map<string, number>();
  readonly #batches = new Map<string, number>();

  constructor(awaited: number) {
    this.#awaited = awaited;
  }

  readonly middleware: Middleware = async ({ method, path, body }, forward) => {
    const response = await forward();
    const answer = () => JSON.parse(response.body.toString()) as Record<string, string>;
    if (method === 'POST' && path === '/files')
      this.#files.set(answer()['id'] ?? '', tokensIn(body.toString()));
    if (method === 'POST' && path === '/batches') {
      const { id = '', input_file_id: file = '' } = answer();
      this.#batches.set(id, this.#files.get(file) ?? Infinity);
      this.most = Math.max(this.most, this.#enqueued);
    }
    if (method === 'GET' && path.startsWith('/batches/') && answer()['status'] === 'completed') {
      if (this.most <= this.#awaited)
        return jsonResponse(200, { ...answer(), status: 'in_progress', output_file_id: null });
      this.#batches.delete(answer()['id'] ?? '');
    }
    return response;
  };

  get #enqueued(): number {
    return [...this.#batches.values()].reduce((sum, tokens) => sum + tokens, 0);
  }
}

/** Of the request lines in an upload: four bytes a token, and eight more a message. */
function tokensIn(upload: string): number {
  const lines = upload.split('\n').filter((line) => line.startsWith('{'));
  const bytes = lines.map((line) => Buffer.byteLength(/"content":"([^"]*)"/.exec(line)?.[1] ?? ''));
  return bytes.reduce((sum, size) => sum + Math.ceil(size / 4) + 8, 0);
}

describe('a limit on enqueued tokens', () => {
  it('is heeded from the start where it is set', async () => {
    await using setting = await limited({ max_enqueued_tokens: limit });
    const { rows: counts, batches } = await setting.project.summary();
    expect(counts).toMatchObject({ requested: rows, ok: rows, failed: 0, pending: 0 });
    await expectAllAnswered();
    const bill = await setting.emulator.bill();
    expectNothingTwice(bill);
    expect(refusals(bill)).toBe(0);
    // A file holds half of the limit by default.
    expect(batches.total).toBeGreaterThanOrEqual(Math.ceil((rows * 10) / (limit / 2)));
  });

  it('is never passed, by what an onlooker counts between the run and the provider', async () => {
    const lower = 150;
    // More than one file at a time: the room is used, not only kept.
    const onlooker = new Onlooker(lower / 2);
    await using setting = await limited({ max_enqueued_tokens: lower, max_requests: 5 }, onlooker.middleware);
    expect((await setting.project.summary()).rows).toMatchObject({ ok: rows, failed: 0, pending: 0 });
    expect(onlooker.most).toBeLessThanOrEqual(lower);
    expect(onlooker.most).toBeGreaterThan(lower / 2);
    expectNothingTwice(await setting.emulator.bill());
  });

  it('parts a file that is larger, which costs its rows no attempt', async () => {
    await using setting = await limited({});
    const { code, stderr } = await setting.project.run();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    expect(stderr).toMatch(/^\S+Z file 1 is larger than the limit of 230 enqueued tokens/m);
    await expectAllAnswered();
    const bill = await setting.emulator.bill();
    expectNothingTwice(bill);
    expect(refusals(bill)).toBe(1);
    const { rows: counts, batches } = await setting.project.status();
    expect(counts).toMatchObject({ requested: rows, ok: rows, failed: 0, pending: 0 });
    expect(batches).toMatchObject({ total: batches.completed, waiting: 0, failed: 0 });
  });

  it('fails a row that is larger by itself, and no other', async () => {
    await using setting = await limited({ max_enqueued_tokens: limit });
    await runSql(`UPDATE notes SET body = repeat('long ', 400) WHERE id = 7`);
    try {
      const { rows: counts } = await setting.project.summary(1);
      expect(counts).toMatchObject({ requested: rows, ok: rows - 1, failed: 1, pending: 0 });
      expect(await errorsOf(setting.project)).toMatchObject([
        { key: '7', stage: 'request', code: 'row_over_token_limit', attempts: 0 },
      ]);
      expectNothingTwice(await setting.emulator.bill(), rows - 1);
    } finally {
      await runSql(`UPDATE notes SET body = 'note 7' WHERE id = 7`);
    }
  });

  it('is shared by runs of one state folder at the same time', async () => {
    const batch = { max_requests: rowsAFile, max_enqueued_tokens: limit };
    await using setting = await limited(batch);
    const { project, emulator } = setting;
    for (const [name, where] of [
      ['odd', 'id % 2 = 1'],
      ['even', 'id % 2 = 0'],
    ] as const)
      await project.write(`${name}.yaml`, { ...pipeline(emulator.url, parts(batch, { where })), name });
    const ended = await Promise.all([project.cli('run', 'odd.yaml'), project.cli('run', 'even.yaml')]);
    expect(ended).toMatchObject([{ code: 0 }, { code: 0 }]);
    await expectAllAnswered();
    const bill = await emulator.bill();
    expectNothingTwice(bill);
    expect(refusals(bill)).toBe(0);
  });

  it('may be named when the batch is created already', async () => {
    let refused = 0;
    await using setting = await limited({ max_requests: rowsAFile }, async ({ method, path }, forward) => {
      if (method !== 'POST' || path !== '/batches' || (refused += 1) > 3) return forward();
      const message = `Enqueued token limit reached for gpt-4o-mini. Limit: ${limit} enqueued tokens.`;
      const body = { error: { message, type: 'invalid_request_error', code: 'token_limit_exceeded' } };
      return jsonResponse(429, body);
    });
    const { code, stderr } = await setting.project.run();
    expect({ code, stderr }).toEqual({ code: 0, stderr });
    await expectAllAnswered();
    const bill = await setting.emulator.bill();
    expectNothingTwice(bill);
    expect(refusals(bill)).toBe(0);
  });
});
