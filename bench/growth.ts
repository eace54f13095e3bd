import type { Benchmark } from './benchmark.ts';
import { build } from './build-from-postgres.ts';
import { median, type Measurement } from './measure.ts';
import { chatTable, tableSink } from './pipelines.ts';
import type { Workspace } from './workspace.ts';

const factor = 10;

/** Ten times the rows: how many times the part of the time that depends on rows. */
export const growth: Benchmark = {
  name: 'growth',
  async run(workspace) {
    const { rows } = workspace.options;
    await workspace.database.ask(`drop table if exists answers; create table answers ${chatTable}`);
    const one = await timed(workspace, 1);
    const few = await timed(workspace, Math.ceil(rows / factor));
    const many = await timed(workspace, rows);
    const figure = (many.seconds - one.seconds) / (few.seconds - one.seconds);
    const what = `build, ${factor} times the rows`;
    return [{ what, rows, ours: many, baseline: null, figure, unit: 'times', target: 10.5 }];
  },
};

async function timed(workspace: Workspace, rows: number): Promise<Measurement> {
  const measured: Measurement[] = [];
  for (let repeat = 0; repeat < workspace.options.repeats; repeat += 1) {
    const out = await workspace.newFolder('build');
    measured.push(await build(workspace, tableSink(workspace.database.url), out, rows));
  }
  return median(measured);
}
