import { describeKills } from './kill-at-boundaries.ts';
import { scenes } from './scenes/index.ts';

/** `all`, or how many of each scene beside those that are always tried. */
const wanted = process.env['BATCHLINE_BOUNDARIES'] ?? '1';

describeKills(scenes, wanted === 'all' ? 'all' : { doors: true, others: Number(wanted) });
