import { formatProblem } from '../config/problem.ts';
import { loadPipeline, type LoadedPipeline } from '../config/load.ts';
import type { Host, Signals } from '../core/host.ts';
import { tellingTo } from '../core/telling.ts';
import type { RequestFlags } from '../job/fingerprint.ts';
import type { CommandContext } from './context.ts';
import { openView, viewOptions } from './render/open-view.ts';

/** Loads the pipeline file that a command names, showing its warnings. */
export async function loadFor(
  file: string,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<LoadedPipeline> {
  const loaded = await loadPipeline(file, {
    env: context.env,
    envFile: options['envFile'] as string | undefined,
    set: options['set'] as readonly string[] | undefined,
    redactor: context.redactor,
  });
  for (const warning of loaded.warnings) {
    context.stderr.write(`${context.redactor.redact(`warning: ${formatProblem(warning)}`)}\n`);
  }
  return loaded;
}

/** The flags that say which rows a run, or a build, reads. */
export function requestFlags(options: Record<string, unknown>): RequestFlags {
  return {
    limit: options['limit'] as number | undefined,
    sample: options['sample'] as number | undefined,
    seed: options['seed'] as number | undefined,
    where: options['where'] as string | undefined,
    fullRefresh: options['fullRefresh'] as boolean | undefined,
  };
}

type Work<T> = (host: Host) => Promise<T>;

/** Runs the work of a command with its events shown as the flags ask for. The first signal breaks it off. */
export async function withProgress<T>(
  options: Record<string, unknown>,
  context: CommandContext,
  work: Work<T>,
): Promise<T> {
  return showing(options, context, { abort: context.signals.drain, drain: context.signals.drain }, work);
}

/** The same for work with a provider: at the first signal it finishes what it is at, the second breaks it off. */
export async function withDraining<T>(
  options: Record<string, unknown>,
  context: CommandContext,
  work: Work<T>,
): Promise<T> {
  const drain = AbortSignal.any([context.signals.drain, context.signals.abort]);
  return showing(options, context, { abort: context.signals.abort, drain }, work);
}

async function showing<T>(
  options: Record<string, unknown>,
  context: CommandContext,
  signals: Signals,
  work: Work<T>,
): Promise<T> {
  const view = openView(viewOptions(options, context));
  try {
    return await work({ signals, emit: tellingTo((event) => view.show(event), context.redactor) });
  } finally {
    view.close();
  }
}
