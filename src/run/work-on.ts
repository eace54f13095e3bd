import type { Loading } from '../job/job.ts';
import { tellingSetAside } from '../load/set-aside.ts';
import { atWork } from './at-work.ts';
import type { Started } from './open-run.ts';
import type { RunSummary } from './summary.ts';

/**
 * Works on a run whose sink is ready for it, notes how the run was left, whatever happens, and says what the sink has
 * still set aside by then.
 */
export async function workOn<T extends { readonly summary: RunSummary }>(
  work: Started<Loading>,
  steps: () => Promise<T>,
): Promise<T> {
  const { sink } = work.prepared;
  const { done } = await tellingSetAside(sink, work.host, () =>
    atWork(work, async () => {
      await sink.prepare();
      const done = await steps();
      return { done, status: done.summary.status };
    }),
  );
  return done;
}
