import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/emulator/random.ts';
import type { CliResult, PipelineProject } from '../support/pipeline-process.ts';

/** A moment to kill a run at: so long after its nth event, or after its start. */
export interface KillMoment {
  readonly event: number | null;
  readonly delayMs: number;
}

const mostEvents = 45;
const longestDelayMs = 25;
const longestStartMs = 900;
/** Among these are those of the reading. */
const firstEvents = 10;

/** One in six times by the clock, while the run may still be starting, else just after some event of it. */
export function anyMoment(random: Random): KillMoment {
  if (random.fraction() < 1 / 6) return { event: null, delayMs: random.fraction() * longestStartMs };
  const event = 1 + Math.floor(random.fraction() * mostEvents);
  return { event, delayMs: random.fraction() * longestDelayMs };
}

/** While the source is being read, or soon after. */
export function earlyMoment(random: Random): KillMoment {
  return { event: 2 + Math.floor(random.fraction() * firstEvents), delayMs: 0 };
}

/**
 * Runs the pipeline and kills it with SIGKILL.
 *
 * @returns null where it was killed, else what it ended with before its moment came
 */
export async function runKilled(
  project: PipelineProject,
  { event, delayMs }: KillMoment,
  onKill: () => Promise<void> = async () => {},
): Promise<CliResult | null> {
  const come = Promise.withResolvers<void>();
  let seen = 0;
  const { child, result } = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], () => {
    seen += 1;
    if (seen === event) come.resolve();
  });
  if (event === null) come.resolve();
  const killed = come.promise.then(async () => {
    await sleep(delayMs);
    await onKill();
    return child.kill('SIGKILL');
  });
  await Promise.race([killed, result]);
  const ended = await result;
  return ended.code === null ? null : ended;
}
