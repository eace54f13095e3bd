import type { Plan } from '../plan/plan.ts';
import { planPipeline } from '../run/plan-pipeline.ts';
import type { Main } from './context.ts';
import { loadFor, requestFlags, withProgress } from './pipeline-command.ts';
import { planText } from './plan-text.ts';
import { visible } from './render/words.ts';

/** `pipeline plan FILE`: what a run would read, send and cost. */
export const main: Main = async ([file = ''], options, context) => {
  const loaded = await loadFor(file, options, context);
  const flags = {
    ...requestFlags(options),
    exact: options['exact'] as boolean | undefined,
    show: options['show'] as number | undefined,
  };
  const { plan, shown } = await withProgress(options, context, (host) => planPipeline(loaded, flags, host));
  if (options['json'] === true) context.print(JSON.stringify(withRequests(plan, shown)));
  else {
    for (const line of shown) context.print(visible(line));
    context.print(planText(plan));
  }
  return 0;
};

function withRequests(plan: Plan, shown: readonly string[]): object {
  return shown.length === 0 ? plan : { ...plan, requests: shown.map((line) => JSON.parse(line) as unknown) };
}
