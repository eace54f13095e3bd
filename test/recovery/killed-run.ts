import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/emulator/random.ts';
import type { CliResult, PipelineProject } from '../support/pipeline-process.ts';

/** The most events that a run shows before it is killed. */
const mostEvents = 45;
const longestDelayMs = 25;
const longestStartMs = 900;

/**
 * Runs the pipeline and kills it with SIGKILL at a random moment: one in six times by the clock, while it may still
 * be starting, else just after some event of it.
 *
 * @returns null where it was killed, else what it ended with before its moment came
 */
export async function runKilled(
  project: PipelineProject,
  random: Random,
  onKill: () => Promise<void> = async () => {},
): Promise<CliResult | null> {
  const byClock = random.fraction() < 1 / 6;
  const events = byClock ? Infinity : 1 + Math.floor(random.fraction() * mostEvents);
  const delayMs = random.fraction() * (byClock ? longestStartMs : longestDelayMs);
  const moment = Promise.withResolvers<void>();
  let seen = 0;
  const { child, result } = project.watch(['run', 'pipeline.yaml', '--log-format', 'json'], () => {
    seen += 1;
    if (seen === events) moment.resolve();
  });
  if (byClock) moment.resolve();
  const killed = moment.promise.then(async () => {
    await sleep(delayMs);
    await onKill();
    return child.kill('SIGKILL');
  });
  await Promise.race([killed, result]);
  const ended = await result;
  return ended.code === null ? null : ended;
}
