import { describeKills } from './kill-at-boundaries.ts';
import { scenes } from './scenes/index.ts';

/** Of each way that data takes one, at the boundaries that are always tried and some other: what is most at stake. */
const sample = [
  'run_insert',
  'run_csv',
  'run_dedupe',
  'collect',
  'retry_upsert_then_run',
  'load_run_insert',
  'run_background',
];

describeKills(
  scenes.filter(({ name }) => sample.includes(name)),
  { doors: false, others: 1 },
);
