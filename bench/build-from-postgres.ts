import { join } from 'node:path';
import { memory, ratio, type Benchmark, type Result } from './benchmark.ts';
import { sideBySide, type Measurement } from './measure.ts';
import { chatColumns, chatRequest, chatTable, hashingSink, tableSink, tableSource } from './pipelines.ts';
import { compareLines } from './same-lines.ts';
import type { Workspace } from './workspace.ts';

const script = join(import.meta.dirname, 'sql/build.sql');
const baseline = 'psql, the lines built by json_build_object';

/** A Postgres table becomes batch files; the server builds the same lines and psql writes them down. */
export const buildFromPostgres: Benchmark = {
  name: 'build',
  async run(workspace) {
    await workspace.database.ask(`drop table if exists answers; create table answers ${chatTable}`);
    return compare(workspace, 'build from Postgres', tableSink(workspace.database.url), 0.8);
  },
};

/** The same with a sink that keeps the hash of each request. */
export const buildHashed: Benchmark = {
  name: 'build-hashed',
  run: async (workspace) =>
    compare(workspace, 'build from Postgres, requests hashed', hashingSink(workspace.database.url), 1),
};

async function compare(
  workspace: Workspace,
  what: string,
  sink: object,
  target: number,
): Promise<readonly Result[]> {
  const { rows, repeats } = workspace.options;
  const written = join(workspace.folder, 'psql.jsonl');
  let built = '';
  const ours = async (): Promise<Measurement> => {
    built = await workspace.newFolder('build');
    return build(workspace, sink, built);
  };
  const theirs = async (): Promise<Measurement> => workspace.database.script(script, { output: written });
  const measured = await sideBySide(repeats, ours, theirs);
  await compareLines(built, written, rows);
  return [ratio(what, rows, measured, baseline, target), memory(what, rows, measured.ours)];
}

/** Builds the batch files of the whole table, or of its first `rows` rows. */
export async function build(
  workspace: Workspace,
  sink: object,
  out: string,
  rows?: number,
): Promise<Measurement> {
  const file = await workspace.writePipeline({
    source: tableSource(workspace.database.url, rows),
    request: chatRequest,
    sink: { ...sink, columns: chatColumns },
  });
  return workspace.pipeline('build', file, '--out', out);
}
