import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { memory, ratio, type Benchmark } from './benchmark.ts';
import { inBlocks, mailAsCsv, mails } from './mail.ts';
import { measure, sideBySide, type Measurement } from './measure.ts';
import { chatColumns, chatRequest, chatTable, tableSink } from './pipelines.ts';
import type { Workspace } from './workspace.ts';

const parser = join(import.meta.dirname, 'parse-csv.ts');

/** A CSV file becomes batch files; csv-parse alone reads the same file. */
export const buildFromCsv: Benchmark = {
  name: 'csv',
  async run(workspace) {
    const { rows, repeats } = workspace.options;
    const csv = join(workspace.folder, 'mail.csv');
    await writeCsv(csv, rows);
    await workspace.database.ask(`drop table if exists answers; create table answers ${chatTable}`);
    const file = await workspace.writePipeline(csvPipeline(workspace, csv));
    const ours = async (): Promise<Measurement> =>
      workspace.pipeline('build', file, '--out', await workspace.newFolder('build'));
    const theirs = async (): Promise<Measurement> =>
      measure({ command: process.execPath, args: [parser, csv, String(rows)] });
    const measured = await sideBySide(repeats, ours, theirs);
    const what = 'build from CSV';
    return [
      ratio(what, rows, measured, 'csv-parse alone, to arrays', 1.15),
      memory(what, rows, measured.ours),
    ];
  },
};

async function writeCsv(path: string, rows: number): Promise<void> {
  const lines = inBlocks(mails(rows), mailAsCsv);
  await pipeline(Readable.from(withHeader(lines)), createWriteStream(path));
}

function csvPipeline(workspace: Workspace, path: string) {
  return {
    source: { type: 'csv', path, key: 'id' },
    request: chatRequest,
    sink: { ...tableSink(workspace.database.url), columns: chatColumns },
  };
}

function* withHeader(lines: Iterable<string>): Generator<string> {
  yield 'id,subject,body\n';
  yield* lines;
}
