import type { Benchmark, Result } from './benchmark.ts';
import { median, type Measurement } from './measure.ts';
import { chatRequest, tableSink, tableSource } from './pipelines.ts';
import type { Workspace } from './workspace.ts';

const runs = 7;

/** How long a command that does next to nothing takes. */
export const startup: Benchmark = {
  name: 'startup',
  async run(workspace) {
    const url = workspace.database.url;
    const file = await workspace.writePipeline({
      source: tableSource(url),
      request: chatRequest,
      sink: tableSink(url),
    });
    return [
      await timed(workspace, 'pipeline --help', ['--help']),
      await timed(workspace, 'pipeline validate', ['validate', file]),
    ];
  },
};

async function timed(workspace: Workspace, what: string, args: readonly string[]): Promise<Result> {
  const measured: Measurement[] = [];
  for (let run = 0; run < runs; run += 1) measured.push(await workspace.pipeline(...args));
  const ours = median(measured);
  return { what, rows: 0, ours, baseline: null, figure: ours.seconds, unit: 's', target: 0.25 };
}
