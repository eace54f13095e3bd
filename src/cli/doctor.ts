import { resolve } from 'node:path';
import { batchBlock } from '../config/batch-block.ts';
import type { LoadedPipeline } from '../config/load.ts';
import { ConfigError, formatProblem } from '../config/problem.ts';
import { hideEnvironment } from '../config/secrets.ts';
import type { Host } from '../core/host.ts';
import { type Check, CheckList } from '../doctor/check-list.ts';
import { checkMachine } from '../doctor/check-machine.ts';
import { checkPipeline } from '../doctor/check-pipeline.ts';
import type { CommandContext, Main } from './context.ts';
import { loadFor } from './pipeline-command.ts';

/** `pipeline doctor [FILE]`: one line a check; goes on after one that failed. */
export const main: Main = async ([file], options, context) => {
  const list = new CheckList();
  hideEnvironment(context.redactor, context.env);
  const loaded = file === undefined ? undefined : await loadChecked(list, file, options, context);
  await checkMachine(list, {
    stateDir: loaded?.stateDir ?? resolve(context.cwd, '.pipeline'),
    env: loaded?.env ?? context.env,
    prepared: preparedBy(loaded),
  });
  if (loaded !== undefined) await checkPipeline(list, loaded, hostOf(list, context));
  const isOk = list.checks.every(({ status }) => status !== 'fail');
  if (options['json'] === true) context.print(JSON.stringify({ checks: list.checks, ok: isOk }));
  else for (const check of list.checks) context.print(line(check));
  return isOk ? 0 : 2;
};

/** The usual allowance is more than most runs come near to, and says nothing of this one. */
const usualPrepared = batchBlock.parse({}).max_prepared;

function preparedBy(loaded: LoadedPipeline | undefined): number | undefined {
  const prepared = loaded?.pipeline.batch.max_prepared;
  return prepared === usualPrepared ? undefined : prepared;
}

async function loadChecked(
  list: CheckList,
  file: string,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<LoadedPipeline | undefined> {
  try {
    const loaded = await loadFor(file, options, context);
    list.add('file', 'ok', file);
    return loaded;
  } catch (error) {
    if (error instanceof ConfigError)
      for (const problem of error.problems) list.add('file', 'fail', formatProblem(problem), 'Correct it.');
    else list.fail('file', error);
    return undefined;
  }
}

function hostOf(list: CheckList, { signals }: CommandContext): Host {
  return {
    signals: { abort: signals.drain, drain: signals.drain },
    emit: (event) => {
      if (event.type === 'Warned') list.add('note', 'warn', event.message);
    },
  };
}

function line({ status, name, message, hint }: Check): string {
  const said = hint === null ? message : `${message}  hint: ${hint}`;
  return `${status.padEnd(4)}  ${name.padEnd(12)}  ${said.trim().replaceAll(/\s*\n\s*/g, '; ')}`;
}
