import { join } from 'node:path';
import { memory, ratio, type Benchmark } from './benchmark.ts';
import { startEmulatorProcess } from './emulator-process.ts';
import { sideBySide, type Measurement } from './measure.ts';
import { chatColumns, chatRequest, chatTable, tableSink, tableSource } from './pipelines.ts';
import type { Workspace } from './workspace.ts';

const baseline = 'build, then load of the same answers';

/** A whole run against the emulator; on the other side building and loading on their own. */
export const wholeRun: Benchmark = {
  name: 'run',
  async run(workspace) {
    const { rows, repeats } = workspace.options;
    await using emulator = await startEmulatorProcess(await workspace.newFolder('emulator'));
    let answers = '';
    const ours = async (): Promise<Measurement> => {
      const file = await writeRun(workspace, emulator.url);
      answers = join(file, '../.pipeline/runs/*/output-*.jsonl');
      await emptyTarget(workspace);
      return workspace.pipeline('run', file, '--yes');
    };
    const theirs = async (): Promise<Measurement> => buildAndLoad(workspace, emulator.url, answers);
    const measured = await sideBySide(repeats, ours, theirs);
    const what = 'run against the emulator';
    return [ratio(what, rows, measured, baseline, 1.5), memory(what, rows, measured.ours)];
  },
};

async function buildAndLoad(workspace: Workspace, url: string, answers: string): Promise<Measurement> {
  const file = await writeRun(workspace, url);
  const out = await workspace.newFolder('build');
  await emptyTarget(workspace);
  const build = await workspace.pipeline('build', file, '--out', out);
  const load = await workspace.pipeline('load', file, '--build', out, '--results', answers);
  return {
    seconds: build.seconds + load.seconds,
    peakBytes: Math.max(build.peakBytes ?? 0, load.peakBytes ?? 0),
  };
}

async function writeRun(workspace: Workspace, baseUrl: string): Promise<string> {
  const { url } = workspace.database;
  return workspace.writePipeline({
    source: tableSource(url),
    request: chatRequest,
    provider: { type: 'openai', base_url: baseUrl },
    batch: { poll_interval: '250ms' },
    sink: { ...tableSink(url), columns: chatColumns },
    keep_files: 'all',
  });
}

async function emptyTarget(workspace: Workspace): Promise<void> {
  await workspace.database.ask(`drop table if exists answers; create table answers ${chatTable}`);
  await workspace.settle();
}
