import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sleep } from '../../src/core/async.ts';
import { complaintAbout } from '../../src/core/complaint.ts';
import {
  type BatchLabel,
  type BatchSide,
  type ChunkFile,
  hasEnded,
  type Refusal,
  type RemoteBatch,
} from '../../src/core/batch-side.ts';
import type { Dialect, ResultParts } from '../../src/core/dialect.ts';
import type { OpenedProvider } from '../../src/core/provider.ts';
import type { RequestBlock } from '../../src/core/request-block.ts';
import { asMap, type JsonMap } from '../../src/core/json.ts';

/** What a provider's server does wrong from now on, once. */
export type ProviderFault =
  | 'lost create reply'
  | 'refused lines'
  | 'unexplained refusal'
  | 'want of room'
  | 'cut download'
  | 'no answer';

/** A result line as it was once recorded, and what it says; an answer with its text. Null where it is no result. */
export interface RecordedLine {
  readonly line: string;
  readonly says: (Partial<ResultParts> & { readonly text?: string }) | null;
}

/** A provider and a server of it that belongs to the test alone. */
export interface ProviderWorld extends AsyncDisposable {
  readonly dialect: Dialect;
  readonly request: RequestBlock;
  /** Opens the provider as one process would. */
  open(): Promise<OpenedProvider>;
  openWithWrongKey(): Promise<OpenedProvider>;
  inject(fault: ProviderFault): Promise<void>;
  /** How many batches the server would send a bill for. */
  billed(): Promise<number>;
  readonly recorded: readonly RecordedLine[];
  /** Whether the provider keeps what a batch is known by as ours. */
  readonly keepsLabels: boolean;
}

const never = new AbortController().signal;
const label: BatchLabel = {
  pipeline: 'tags',
  job: '0123456789abcdef',
  run: '20261123-142501-1f3a9c',
  chunk: 2,
  attempt: 3,
};

/** What every provider does, whatever it speaks. */
export function describeProvider(name: string, createWorld: () => Promise<ProviderWorld>): void {
  describe(`the ${name} provider`, () => {
    let world: ProviderWorld;
    let folder: string;
    let provider: OpenedProvider;
    let batches: BatchSide;

    beforeEach(async () => {
      world = await createWorld();
      folder = await mkdtemp(join(tmpdir(), 'batchline-provider-'));
      provider = await world.open();
      batches = provider.batches;
    });
    afterEach(async () => {
      await world[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    /** Seals a file of so many requests. */
    async function sealed(rows: number): Promise<ChunkFile> {
      const { open, middle, close } = world.dialect.frame(world.request);
      const body = bodyOf(world);
      const lines = ids(rows).map((id) => `${open}${id}${middle}${body}${close}\n`);
      const bytes = Buffer.from(lines.join(''));
      const path = join(folder, 'requests-00002.jsonl');
      await writeFile(path, bytes);
      return {
        path,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        requests: rows,
        request: world.request,
        label,
        completionWindow: '24h',
        expiresAfterMs: 86_400_000,
      };
    }

    async function create(file: ChunkFile, signal = never): Promise<RemoteBatch | Refusal> {
      return batches.create(file, (await batches.store?.(file, signal)) ?? null, signal);
    }

    async function created(rows: number): Promise<RemoteBatch> {
      const answer = await create(await sealed(rows));
      if ('kind' in answer) throw new Error(`The batch was refused: ${answer.kind}`);
      return answer;
    }

    async function untilEnded(id: string): Promise<RemoteBatch> {
      for (;;) {
        const batch = await batches.look(id, never);
        if (hasEnded(batch.status)) return batch;
        await sleep(10, never);
      }
    }

    /** What became of a refused file, whether its create was answered so or its batch has ended so. */
    async function refusal(): Promise<Refusal | null> {
      const answer = await create(await sealed(5));
      return 'kind' in answer ? answer : (await untilEnded(answer.id)).refusal;
    }

    test('finds address and key to be right', async () => {
      await expect(provider.check(never)).resolves.toBeUndefined();
      const stranger = await world.openWithWrongKey();
      await expect(stranger.check(never)).rejects.toMatchObject({
        code: 'provider_unauthorized',
        retryable: false,
      });
    });

    test('tells accounts apart, and opens one twice as the same', async () => {
      expect((await world.open()).account).toBe(provider.account);
    });

    test('frames requests as JSON that holds id and body', async () => {
      const file = await sealed(1);
      const line = asMap(JSON.parse(await readFile(file.path, 'utf8')));
      expect(Object.values(line ?? {})).toContain('r0');
      expect(JSON.stringify(line)).toContain(bodyOf(world));
    });

    test('takes a batch from its file to answers of every row', async () => {
      const { id, input } = await created(20);
      const ended = await untilEnded(id);
      expect(ended).toMatchObject({ id, status: 'completed', refusal: null });
      const answered: string[] = [];
      for (const part of ended.results) {
        const path = join(folder, `part-${part.holds}`);
        await batches.fetch(id, part.id, path, never);
        const read = Buffer.concat(await Array.fromAsync(batches.read(id, part.id, never)));
        expect(read.equals(await readFile(path))).toBe(true);
        for (const line of (await readFile(path, 'utf8')).split('\n').filter(Boolean)) {
          const parts = world.dialect.split(JSON.parse(line) as Record<string, unknown>);
          if (parts?.kind !== 'answered') throw new Error(`No answer: ${line}`);
          expect(world.dialect.reply(world.request.endpoint, parts.body).isEmpty).toBe(false);
          answered.push(parts.customId);
        }
      }
      expect(answered.toSorted()).toEqual(ids(20).toSorted());
      if (input === null) return;
      await batches.fetch(id, input, join(folder, 'input'), never);
      expect(await readFile(join(folder, 'input'))).toEqual(
        await readFile(join(folder, 'requests-00002.jsonl')),
      );
    });

    test('knows its batches again, listed newest first', async () => {
      const first = await created(1);
      const second = await created(1);
      const listed = await Array.fromAsync(batches.list(never));
      expect(listed.map(({ id }) => id)).toEqual(expect.arrayContaining([first.id, second.id]));
      expect(listed).toHaveLength(2);
      const kept = world.keepsLabels ? label : null;
      expect(listed.map((batch) => batch.label)).toEqual([kept, kept]);
      expect((await batches.look(first.id, never)).label).toEqual(kept);
    });

    test('cancels a batch, and takes one that has ended for cancelled enough', async () => {
      const { id } = await created(3);
      const cancelled = await batches.cancel(id, never);
      expect(cancelled.id).toBe(id);
      const ended = await untilEnded(id);
      expect(['completed', 'cancelled']).toContain(ended.status);
      await expect(batches.cancel(id, never)).resolves.toMatchObject({ id, status: ended.status });
    });

    test('says that a create whose reply was lost may have been carried out', async () => {
      await world.inject('lost create reply');
      await expect(create(await sealed(2))).rejects.toMatchObject({
        name: 'BatchlineError',
        outcome: 'unknown',
      });
      expect(await Array.fromAsync(batches.list(never))).toHaveLength(1);
      expect(await world.billed()).toBe(1);
    });

    test('says that a create which was never carried out is absent, or that it does not know', async () => {
      await world.inject('no answer');
      const failure: unknown = await create(await sealed(2)).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: 'BatchlineError', retryable: true });
      expect(await world.billed()).toBe(0);
    });

    test('names the lines that it refuses', async () => {
      await world.inject('refused lines');
      const found = await refusal();
      if (found?.kind !== 'lines') throw new Error(`The refusal is ${found?.kind}.`);
      expect([...found.lines.keys()]).toEqual([2, 4]);
      expect(await world.billed()).toBe(0);
    });

    test('tells want of room from other refusals', async () => {
      await world.inject('want of room');
      expect(await refusal()).toMatchObject({ kind: 'room' });
      await world.inject('unexplained refusal');
      expect(await refusal()).toMatchObject({ kind: 'unexplained', message: expect.stringMatching(/./) });
    });

    test('rejects a download that was cut, leaves nothing behind, and fetches it whole the next time', async () => {
      const { id } = await created(20);
      const [part] = (await untilEnded(id)).results;
      if (part === undefined) throw new Error('The batch has no results.');
      const own = await mkdtemp(join(folder, 'cut-'));
      await world.inject('cut download');
      await expect(batches.fetch(id, part.id, join(own, 'out'), never)).rejects.toMatchObject({
        retryable: true,
      });
      expect(await readdir(own)).toEqual([]);
      await batches.fetch(id, part.id, join(own, 'out'), never);
      expect((await readFile(join(own, 'out'), 'utf8')).trim().split('\n')).toHaveLength(20);
    });

    test('passes an abort on as it is', async () => {
      const file = await sealed(1);
      const aborted = AbortSignal.abort(new Error('stop now'));
      await expect(create(file, aborted)).rejects.toThrow('stop now');
      await expect(batches.look('any', aborted)).rejects.toThrow('stop now');
      await expect(Array.fromAsync(batches.list(aborted))).rejects.toThrow('stop now');
      expect(await world.billed()).toBe(0);
    });

    test('says that it does not know a batch', async () => {
      await expect(batches.look('batch_nobody', never)).rejects.toMatchObject({
        code: 'batch_not_found',
        retryable: false,
      });
    });

    test('deletes what it keeps beside batches, also twice', async () => {
      const { leftovers } = batches;
      if (leftovers === undefined) return;
      await created(1);
      const kept = await Array.fromAsync(leftovers.list(never));
      expect(kept).toMatchObject([{ run: label.run }]);
      for (const { id } of [...kept, ...kept]) await leftovers.delete(id, never);
      expect(await Array.fromAsync(leftovers.list(never))).toEqual([]);
    });

    test('understands result lines as they were recorded', () => {
      const { dialect, request, recorded } = world;
      const understood = recorded.map(({ line }) => {
        const parts = dialect.split(JSON.parse(line) as Record<string, unknown>);
        return parts?.kind === 'answered'
          ? { ...parts, text: dialect.reply(request.endpoint, parts.body).text }
          : parts;
      });
      expect(understood).toMatchObject(recorded.map(({ says }) => says));
    });

    test('asks again and finds what was asked first', () => {
      const body = asMap(JSON.parse(bodyOf(world))) ?? {};
      const again = world.dialect.reask(body, 'no JSON', complaintAbout('it is no JSON'));
      expect(JSON.stringify(again)).toContain('no JSON');
      expect(world.dialect.asked(again)).toEqual(body);
      const { endpoint } = world.request;
      const textOf = (of: JsonMap): string => world.dialect.promptTexts(endpoint, of).texts.join('');
      expect(textOf(again).length).toBeGreaterThan(textOf(body).length);
    });
  });
}

function ids(rows: number): readonly string[] {
  return Array.from({ length: rows }, (_, row) => `r${row}`);
}

/** The body of a request, its templates taken as they stand. */
function bodyOf({ dialect, request }: ProviderWorld): string {
  const pieces = dialect.body(request).pieces;
  return pieces
    .map((piece) => {
      if (piece.kind === 'parts') return '';
      return piece.kind === 'template' ? JSON.stringify(piece.template).slice(1, -1) : piece.text;
    })
    .join('');
}
