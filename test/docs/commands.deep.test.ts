import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { blocksOf, commandsOf, pages } from './page-blocks.ts';
import { PageWorld } from './page-world.ts';

/** Every command of a block of `sh` is run, in the order of its page, or stands below with the reason why it is not. */

interface NotRun {
  readonly command: RegExp;
  readonly why: string;
}

const notRun: readonly NotRun[] = [
  { command: /^export DATABASE_URL=/, why: "the test's own are set" },
  { command: /^npm (ci|pack|install)\b/, why: 'test/package-install.deep.test.ts' },
  { command: /^cd \.\.\/my-project/, why: 'test/package-install.deep.test.ts' },
  { command: /^npx pipeline init$/, why: 'asks on a terminal: test/init' },
  { command: /^pipeline recover FILE --batch ID/, why: 'test/recovery: a batch that is in doubt' },
];

/** Commands that do not end with 0 where nothing is amiss, as in this world. */
const ends: readonly (readonly [command: RegExp, code: number, why: string])[] = [
  [/^pipeline cancel RUN/, 2, 'no run is unfinished'],
];

const pipeline = {
  source: { type: 'postgres', url: '${DATABASE_URL}', table: 'tickets', key: 'id' },
  request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
  provider: { type: 'openai' },
  sink: { type: 'postgres', url: '${DATABASE_URL}', table: 'answers_of_docs', key: 'id', create: true },
};

/** Pages of the reference are generated from the commands; their blocks are patterns, not commands. */
const shown = pages
  .filter((page) => page !== 'docs/reference/commands.md')
  .map((page) => [page, blocksOf(page).filter(({ language }) => language === 'sh')] as const)
  .filter(([, blocks]) => blocks.length > 0);

/** What a block of `text` right behind a command shows of its output. */
const answers = new Map(
  pages.flatMap((page) => {
    const blocks = blocksOf(page);
    return blocks.flatMap((block, at) => {
      const next = blocks[at + 1];
      const [command] = block.language === 'sh' ? commandsOf(block).slice(-1) : [];
      return command !== undefined && next?.language === 'text' ? [[command, next.text.trim()] as const] : [];
    });
  }),
);

describe.each(shown)('the commands of %s', (page, blocks) => {
  let world: PageWorld;
  let server: Server | undefined;
  beforeAll(async () => {
    world = await PageWorld.create();
    for (const name of ['tickets', 'notes']) await world.write(`${name}.yaml`, stringify(pipeline));
    const nightly = await readFile(join(world.folder, 'pipelines/nightly-tags.yaml'), 'utf8');
    const targets = blocksOf(page).find(
      ({ language, text }) => language === 'yaml' && text.startsWith('targets:'),
    );
    await world.write('nightly-tags.yaml', `${nightly}${targets?.text ?? ''}`);
    for (const { language, text } of blocksOf(page)) {
      const [, name] = language === 'yaml' ? (/^# ([\w.-]+\.yaml)/.exec(text) ?? []) : [];
      if (name !== undefined) await world.write(name, text);
      if (language === 'yaml' && text.startsWith('seed:')) await world.write('faults.yaml', text);
    }
    await mkdir(join(world.folder, 'answers'));
    await succeed(world, 'pipeline run tickets.yaml --quiet');
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  it.each(blocks.flatMap(commandsOf))('%s', async (command) => {
    if (notRun.some((each) => each.command.test(command))) return;
    // So that there is something to build.
    if (command.endsWith('--out batch/')) await world.database.client.query('TRUNCATE answers_of_docs');
    const expected = ends.find(([pattern]) => pattern.test(command))?.[1] ?? 0;
    if (command.startsWith('npx pipeline emulator')) {
      await server?.[Symbol.asyncDispose]();
      server = await serve(world, `${command.replace(/ --port \d+/, '')} --port 0`);
      return;
    }
    const { code, text } = await run(
      world,
      (await filledIn(world, command)).replaceAll('http://127.0.0.1:8089', server?.address ?? ''),
    );
    expect(code, `${command}\n${text}`).toBe(expected);
    expect(text).toContain(answers.get(command) ?? '');
    // Which is what the page says in a comment.
    if (command.endsWith('--out batch/'))
      await succeed(world, 'vllm run-batch -i batch/requests-00001.jsonl -o answers/1.jsonl');
  });
});

it('lists nothing that no page shows', () => {
  const all = shown.flatMap(([, blocks]) => blocks.flatMap(commandsOf));
  const listed = [...notRun.map(({ command }) => command), ...ends.map(([command]) => command)];
  expect(listed.filter((pattern) => !all.some((command) => pattern.test(command)))).toEqual([]);
});

/** The command with what stands for a name in it: FILE and RUN. */
async function filledIn(world: PageWorld, command: string): Promise<string> {
  if (!/\bRUN\b/.test(command)) return command.replaceAll(/\bFILE\b/g, 'tickets.yaml');
  const { text } = await run(world, 'pipeline status tickets.yaml --json');
  const id = /"run_id":"([^"]+)"/.exec(text)?.[1] ?? '';
  return command.replaceAll(/\bFILE\b/g, 'tickets.yaml').replaceAll(/\bRUN\b/g, id);
}

interface Server extends AsyncDisposable {
  readonly address: string;
}

/** A command that serves until it is stopped, once it has said where. */
async function serve(world: PageWorld, command: string): Promise<Server> {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd: world.folder, env: world.env });
  const ended = once(child, 'close');
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
    if (address === undefined) continue;
    return {
      address,
      async [Symbol.asyncDispose]() {
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
  throw new Error(`${command} ended: ${said}`);
}

async function succeed(world: PageWorld, command: string): Promise<void> {
  const { code, text } = await run(world, command);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${text}`);
}

async function run(world: PageWorld, command: string) {
  const child = spawn('sh', ['-c', command], {
    cwd: world.folder,
    env: world.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, out, err] = await Promise.all([ended, child.stdout.toArray(), child.stderr.toArray()]);
  return { code, text: Buffer.concat([...out, ...err] as Buffer[]).toString() };
}
