import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { ExampleWorld } from '../reference/example-world.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { root } from './page-blocks.ts';
import type { Parts } from './pipeline-blocks.ts';

const tables = `
  DROP TABLE ticket_tags;
  ALTER TABLE tickets ADD lang text DEFAULT 'de';
  CREATE TABLE documents (id bigint PRIMARY KEY, title text, content text, text text, embedding real[]);
  INSERT INTO documents SELECT n, 'note', 'note ' || n, 'note ' || n FROM generate_series(1, 3) n;`;

const modules = {
  'words.ts': `export default ({ body }: { body: string }) => ({ words: body.split(' ').length, body });`,
};

/** Answers a file of requests: `vllm run-batch -i REQUESTS -o RESULTS`. */
const vllm = `
import { readFileSync, writeFileSync } from 'node:fs';
const [, , , , input, , output] = process.argv;
const lines = readFileSync(input, 'utf8').trimEnd().split('\\n').map((line) => {
  const { custom_id, body: { model } } = JSON.parse(line);
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: '{"tags":["a"]}' } }];
  const body = { id: 'c', object: 'chat.completion', created: 1, model, choices };
  return JSON.stringify({ id: 'r', custom_id, response: { status_code: 200, request_id: 'q', body }, error: null });
});
writeFileSync(output, lines.join('\\n') + '\\n');`;

const main = join(root, 'src/cli/main.ts');

/** The reference's database and files, those of the other pages beside them, an emulator, and a shell that finds `npx pipeline`. */
export class PageWorld implements AsyncDisposable {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #world: ExampleWorld;
  readonly #emulator: TestEmulator;

  private constructor(world: ExampleWorld, emulator: TestEmulator) {
    this.#world = world;
    this.#emulator = emulator;
    this.folder = world.folder;
    this.env = {
      PATH: `${join(world.folder, 'bin')}:${process.env['PATH']}`,
      HOME: world.folder,
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
      DATABASE_URL: world.database.url,
      OPENAI_API_KEY: 'test-key',
      SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/',
      BATCHLINE_EMULATOR_MODELS: '*',
    };
  }

  static async create(): Promise<PageWorld> {
    const world = await ExampleWorld.create();
    const page = new PageWorld(world, await createEmulator());
    await world.database.client.query(tables);
    for (const [name, text] of Object.entries(modules)) await writeFile(join(world.folder, name), text);
    await cp(join(root, 'pipelines'), join(world.folder, 'pipelines'), {
      recursive: true,
      filter: (path) => basename(path) !== '.pipeline',
    });
    await mkdir(join(world.folder, 'bin'));
    await page.#command('pipeline', `exec '${process.execPath}' '${main}' "$@"`);
    await page.#command('npx', 'exec "$@"');
    await writeFile(join(world.folder, 'bin/vllm.mjs'), vllm);
    await page.#command('vllm', `exec '${process.execPath}' '${join(world.folder, 'bin/vllm.mjs')}' "$@"`);
    return page;
  }

  get database() {
    return this.#world.database;
  }

  /** The pipeline, answered by the emulator. */
  answered(pipeline: Parts): Parts {
    const { base_url: _, ...provider } = { ...pipeline['provider'], ...providerAt(this.#emulator.url) };
    const isOwn = pipeline['provider']?.['base_url'] === 'emulator';
    return {
      ...pipeline,
      provider: { ...provider, base_url: isOwn ? 'emulator' : this.#emulator.url },
      batch: { ...pipeline['batch'], ...promptBatch },
    };
  }

  /** A file of the pages: a pipeline is answered by the emulator. */
  async write(name: string, text: string): Promise<void> {
    const parts = parse(text) as Parts;
    const isPipeline = parts['source'] !== undefined;
    await writeFile(join(this.folder, name), isPipeline ? JSON.stringify(this.answered(parts)) : text);
  }

  async #command(name: string, text: string): Promise<void> {
    const path = join(this.folder, 'bin', name);
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#emulator[Symbol.asyncDispose]();
    await this.#world[Symbol.asyncDispose]();
  }
}
