import { describeKills } from './kill-at-boundaries.ts';
import { scenes } from './scenes/index.ts';

/** What is most at stake, at the boundaries that are always tried and some other; the deep suite tries every scene. */
const sample = ['run_insert', 'run_csv', 'load_run_insert'];

describeKills(
  scenes.filter(({ name }) => sample.includes(name)),
  { doors: false, others: 1 },
);
