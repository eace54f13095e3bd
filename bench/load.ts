import { join } from 'node:path';
import { chatAnswers, embeddingAnswers, writeAnswers, type AnswerKind } from './answers.ts';
import { memory, ratio, type Benchmark, type Result } from './benchmark.ts';
import { sideBySide, type Measurement } from './measure.ts';
import {
  chatColumns,
  chatRequest,
  chatTable,
  embeddingColumns,
  embeddingsRequest,
  embeddingsTable,
  tableSink,
  tableSource,
} from './pipelines.ts';
import type { Workspace } from './workspace.ts';

interface LoadCase {
  readonly what: string;
  readonly baseline: string;
  readonly target: number;
  readonly rows: number;
  readonly request: object;
  readonly columns: Readonly<Record<string, string>>;
  /** The target's columns. */
  readonly table: string;
  readonly answers: AnswerKind;
  /** psql's way of loading the same rows. */
  readonly script: string;
}

/** Chat answers into a table; psql loads the same rows ready-made. */
export const loadChat: Benchmark = {
  name: 'load-chat',
  run: async (workspace) =>
    compare(workspace, {
      what: 'load chat answers',
      baseline: 'psql, ready-made rows, the same upsert',
      target: 1.5,
      rows: workspace.options.rows,
      request: chatRequest,
      columns: chatColumns,
      table: chatTable,
      answers: chatAnswers(),
      script: 'load-chat.sql',
    }),
};

/** Embeddings of 1536 dimensions into a table; psql loads the same rows ready-made in the binary format. */
export const loadEmbeddings: Benchmark = {
  name: 'load-embeddings',
  run: async (workspace) =>
    compare(workspace, {
      what: 'load embeddings, 1536 dimensions',
      baseline: 'psql, ready-made binary rows, the same upsert',
      target: 1.2,
      rows: workspace.options.embeddings,
      request: embeddingsRequest,
      columns: embeddingColumns,
      table: embeddingsTable,
      answers: embeddingAnswers(),
      script: 'load-embeddings.sql',
    }),
};

async function compare(workspace: Workspace, load: LoadCase): Promise<readonly Result[]> {
  const results = await workspace.newFolder('results');
  const copyFile = join(results, 'rows.copy');
  await recreate(workspace, 'answers', load.table);
  await writeAnswers((await newBuild(workspace, load)).folder, results, copyFile, load.answers);
  const script = join(import.meta.dirname, 'sql', load.script);
  const measured = await sideBySide(
    workspace.options.repeats,
    async (): Promise<Measurement> => loadOnce(workspace, load, join(results, 'output-*.jsonl')),
    async (): Promise<Measurement> => {
      await recreate(workspace, 'answers_of_psql', load.table);
      return workspace.database.script(script, { stdin: copyFile });
    },
  );
  await compareTables(workspace, load.rows);
  return [
    ratio(load.what, load.rows, measured, load.baseline, load.target),
    memory(load.what, load.rows, measured.ours),
  ];
}

/** Each load has a build of its own, since nothing is left to do for one that was loaded already. */
async function loadOnce(workspace: Workspace, load: LoadCase, results: string): Promise<Measurement> {
  const build = await newBuild(workspace, load);
  await recreate(workspace, 'answers', load.table);
  return workspace.pipeline('load', build.file, '--build', build.folder, '--results', results);
}

async function newBuild(workspace: Workspace, load: LoadCase) {
  const { url } = workspace.database;
  const folder = await workspace.newFolder('build');
  const file = await workspace.writePipeline({
    source: tableSource(url, load.rows),
    request: load.request,
    sink: { ...tableSink(url), columns: load.columns },
  });
  await workspace.pipeline('build', file, '--out', folder);
  return { file, folder };
}

async function recreate(workspace: Workspace, table: string, columns: string): Promise<void> {
  await workspace.database.ask(`drop table if exists ${table}; create table ${table} ${columns}`);
  await workspace.settle();
}

/** @throws Error where the two ways did not load the same rows */
async function compareTables(workspace: Workspace, rows: number): Promise<void> {
  const [ours, theirs] = await Promise.all(
    ['answers', 'answers_of_psql'].map(async (table) =>
      workspace.database.ask(`select count(*), sum(hashtext(t::text)::bigint) from ${table} t`),
    ),
  );
  if (ours !== theirs || ours?.startsWith(`${rows}|`) !== true)
    throw new Error(`the tables differ: ${ours} with pipeline load, ${theirs} with psql, ${rows} expected`);
}
