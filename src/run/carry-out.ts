import { execute, executeSealed } from './execute.ts';
import { finishRun, leaveUnfinished, type EndFlags, type RunResult } from './finish-run.ts';
import type { OpenedRun } from './open-run.ts';

/** Takes a run as far as its pass goes and, where that is its end, makes what it loaded visible. */
export async function carryOut({ work, execution }: OpenedRun, flags: EndFlags): Promise<RunResult> {
  const isOver = execution === null ? await executeSealed(work) : await execute(execution);
  return isOver ? finishRun(work, flags) : leaveUnfinished(work);
}
