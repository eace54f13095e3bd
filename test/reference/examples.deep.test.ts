import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPipeline, runPipeline } from '../../src/index.ts';
import { providers } from '../../src/providers/index.ts';
import { sinks } from '../../src/sinks/index.ts';
import { sources } from '../../src/sources/index.ts';
import { transforms } from '../../src/transforms/index.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { ExampleWorld, notes, standardInput } from './example-world.ts';

/** Each example of a reference page is run as the block that it is, with its addresses pointed at the test's own. */

type Block = Readonly<Record<string, unknown>>;
type Parts = Readonly<Record<string, unknown>>;

let world: ExampleWorld;
let emulator: TestEmulator;
let written = 0;

beforeAll(async () => {
  world = await ExampleWorld.create();
  emulator = await createEmulator();
});

afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

interface Declared {
  readonly name: string;
  readonly examples: readonly Block[];
}

function examplesOf(declarations: readonly Declared[]): readonly (readonly [string, Block])[] {
  return declarations.flatMap(({ name, examples }) =>
    examples.map((example) => [`${name} ${JSON.stringify(example)}`, { type: name, ...example }] as const),
  );
}

/** A pipeline around the block. */
async function write(parts: Parts): Promise<string> {
  written += 1;
  const path = join(world.folder, `example-${written}.yaml`);
  const pipeline = {
    source: { type: 'postgres', url: world.database.url, table: 'tickets', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { type: 'jsonl', path: `example-${written}.jsonl` },
    state: `.example-${written}`,
    ...parts,
  };
  await writeFile(path, JSON.stringify(pipeline));
  return path;
}

const env = () => ({
  DATABASE_URL: world.database.url,
  ANTHROPIC_API_KEY: 'test-key',
  GATEWAY_KEY: 'test-key',
  GEMINI_API_KEY: 'test-key',
  GROQ_API_KEY: 'test-key',
  OPENAI_API_KEY: 'test-key',
});

/** A model of each provider. */
const models: Readonly<Record<string, string>> = {
  openai: 'gpt-4o-mini',
  anthropic: 'claude-haiku-4-5',
  gemini: 'gemini-2.5-flash',
};

const whole = { status: 'completed', rows: { ok: notes.length, failed: 0, pending: 0 } };

async function summary(parts: Parts): Promise<object> {
  return (await runPipeline(await loadPipeline(await write(parts), { env: env() }))).summary;
}

describe('an example of a source', () => {
  it.each(examplesOf(sources))('runs: %s', async (_name, block) => {
    // The field that all of them have.
    const request = {
      endpoint: 'chat',
      model: 'gpt-4o-mini',
      prompt: `{{ ${block['path'] === '-' ? 'text' : 'body'} }}`,
    };
    const parts = { source: { ...block, key: 'id' }, request };
    const input = block['path'] === '-' ? standardInput[String(block['type'])] : undefined;
    // What is read in part replaces no file that stands for the whole.
    const sink = block['incremental'] === undefined ? {} : { sink: tableSink('changes') };
    const ended = input === undefined ? summary({ ...parts, ...sink }) : summaryFrom(input, parts);
    expect(await ended).toMatchObject(whole);
  });
});

describe('an example of a transform', () => {
  it.each(examplesOf(transforms))('runs: %s', async (_name, block) => {
    const isRename = block['type'] === 'rename';
    const ended = await summary({
      ...(isRename && {
        source: {
          type: 'postgres',
          url: world.database.url,
          query: 'SELECT id, body AS ticket_body FROM tickets',
          key: 'id',
        },
      }),
      transforms: [block],
      request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: `{{ ${madeField(block)} }}` },
    });
    expect(ended).toMatchObject(whole);
  });
});

describe('an example of a provider', () => {
  it.each(examplesOf(providers))('runs: %s', async (_name, block) => {
    const request = { endpoint: 'chat', model: models[String(block['type'])], prompt: '{{ body }}' };
    const provider = { ...block, base_url: emulator.url };
    expect(await summary({ request, provider })).toMatchObject(whole);
  });
});

describe('an example of a sink', () => {
  it.each(examplesOf(sinks))('runs: %s', async (_name, block) => {
    const sink = block['url'] === undefined ? block : { ...block, url: world.database.url };
    expect(await summary({ sink })).toMatchObject(whole);
  });
});

/** A field that a transform makes or keeps. */
function madeField({ type, field, fields }: Block): string {
  if (typeof field === 'string') return field;
  const isDeclared = type === 'module' && typeof fields === 'object' && fields !== null;
  return isDeclared ? (Object.keys(fields)[0] ?? '') : 'body';
}

function tableSink(table: string): Block {
  return { type: 'postgres', url: world.database.url, table, create: true };
}

/** The same where the source reads standard input, which only the command line has. */
async function summaryFrom(input: string, parts: Parts): Promise<object> {
  const child = spawn(process.execPath, [main, 'run', await write(parts), '--json', '--quiet'], {
    env: { PATH: process.env['PATH'], ...env() },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  return JSON.parse(Buffer.concat(await child.stdout.toArray()).toString()) as object;
}
