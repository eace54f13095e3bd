import { loadPipeline, type LoadedPipeline } from '../config/load.ts';
import type { Host, Signals } from '../core/host.ts';
import { tellingTo } from '../core/telling.ts';
import type { RequestFlags } from '../job/fingerprint.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { CommandContext } from './context.ts';
import { notePipeline, noteRun, type RunPlace } from './failed-run.ts';
import { sayWarning } from './log-line.ts';
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
    target: options['target'] as string | undefined,
    redactor: context.redactor,
  });
  for (const warning of loaded.warnings) sayWarning(warning, options, context);
  notePipeline(context, loaded.name);
  return loaded;
}

/** The same for the file of a run, with the target that the run was begun with, unless another one is asked for. */
export async function loadForRun(
  { path, selection }: Pick<RunRecord, 'path' | 'selection'>,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<LoadedPipeline> {
  return loadFor(path, { ...options, target: options['target'] ?? selection.target }, context);
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
  let place: RunPlace | null = null;
  const show = tellingTo((event) => view.show(event), context.redactor);
  try {
    return await work({
      signals,
      emit: (event) => {
        if (event.type === 'RunStarted') place = event;
        show(event);
      },
    });
  } catch (error) {
    noteRun(error, place);
    throw error;
  } finally {
    view.close();
  }
}
