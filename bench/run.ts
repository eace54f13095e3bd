/**
 * Measures batchline against psql, csv-parse and itself: `npm run bench`, or `node bench/run.ts --help`.
 */
import { writeFile } from 'node:fs/promises';
import type { Benchmark, Result } from './benchmark.ts';
import { buildFromCsv } from './build-from-csv.ts';
import { buildFromPostgres, buildHashed } from './build-from-postgres.ts';
import { growth } from './growth.ts';
import { loadChat, loadEmbeddings } from './load.ts';
import { describeMachine } from './machine.ts';
import { inBlocks, mailAsCopy, mails } from './mail.ts';
import { measure } from './measure.ts';
import { readOptions, usage } from './options.ts';
import { report } from './report.ts';
import { startup } from './startup.ts';
import { wholeRun } from './whole-run.ts';
import { Workspace } from './workspace.ts';

const benchmarks: readonly Benchmark[] = [
  startup,
  buildFromPostgres,
  buildHashed,
  buildFromCsv,
  growth,
  loadChat,
  loadEmbeddings,
  wholeRun,
];

async function main(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  await measure({ command: 'npm', args: ['run', '--silent', 'build'] });
  await using workspace = await Workspace.open(options);
  const machine = await describeMachine(workspace.database);
  await fillSource(workspace);
  const results: Result[] = [];
  for (const benchmark of benchmarks) {
    if (options.only.size === 0 || options.only.has(benchmark.name))
      results.push(...(await attempt(benchmark, workspace)));
  }
  const text = report(results, machine, `node bench/run.ts ${args.join(' ')}`.trim());
  console.log(text);
  if (options.results !== undefined) await writeFile(options.results, text);
}

/** One benchmark that fails does not cost the results of the others, but the command ends with 1. */
async function attempt(benchmark: Benchmark, workspace: Workspace): Promise<readonly Result[]> {
  console.error(`${benchmark.name} ...`);
  try {
    return await benchmark.run(workspace);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return [];
  }
}

async function fillSource({ database, options }: Workspace): Promise<void> {
  await database.ask('create table mail (id bigint primary key, subject text not null, body text not null)');
  await database.fill('mail', inBlocks(mails(options.rows), mailAsCopy));
  await database.ask('vacuum analyze mail');
}

const args = process.argv.slice(2);
if (args.includes('--help')) console.log(usage);
else await main(args);
