import type { CommandSpec } from './command-spec.ts';
import { options } from './options.ts';

/** Every command. Its code is loaded when it is called, so that help costs nothing. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'init',
    args: '[dir]',
    summary: 'Writes a pipeline file for a table or file, asking on a terminal what it is to do.',
    options: options.init,
    load: () => import('./init.ts'),
  },
  {
    name: 'run',
    args: '<file>',
    summary: 'Runs a pipeline: reads, sends, waits, loads. Run again, it resumes.',
    options: options.run,
    prints: 'summary',
    load: () => import('./run.ts'),
  },
  {
    name: 'validate',
    args: '<file...>',
    summary: 'Lists every fault of pipeline files, with line and column. Reaches no network.',
    options: options.validate,
    load: () => import('./validate.ts'),
  },
  {
    name: 'preview',
    args: '<file>',
    summary:
      'Shows the first requests as people read them, with their tokens and price; with --live their answers too.',
    options: options.preview,
    load: () => import('./preview.ts'),
  },
  {
    name: 'test',
    args: '<file...>',
    summary:
      'Runs NAME.test.yaml beside a pipeline file: rows and answers given, requests and loaded values expected. Reaches no network.',
    options: options.test,
    load: () => import('./test.ts'),
  },
  {
    name: 'plan',
    args: '<file>',
    summary: 'Shows what a run would read, send and cost. Sends and writes nothing, and needs no key.',
    options: options.plan,
    load: () => import('./plan.ts'),
  },
  {
    name: 'build',
    args: '<file>',
    summary: 'Writes the request files of a pipeline into a folder, to be sent by hand.',
    options: options.build,
    load: () => import('./build.ts'),
  },
  {
    name: 'load',
    args: '<file>',
    summary:
      "Loads results that were made elsewhere, joined with a build's rows; or a run's saved answers again.",
    options: options.load,
    prints: 'summary',
    load: () => import('./load.ts'),
  },
  {
    name: 'collect',
    args: '[run-or-file]',
    summary: 'Takes unfinished runs one step further, without waiting for a batch. For cron.',
    options: options.collect,
    prints: 'summaries',
    load: () => import('./collect.ts'),
  },
  {
    name: 'cancel',
    args: '<run-or-file>',
    summary: 'Cancels an unfinished run at the provider and loads what it has paid for.',
    options: options.cancel,
    prints: 'summary',
    load: () => import('./cancel.ts'),
  },
  {
    name: 'retry',
    args: '[run-or-file]',
    summary:
      "Gives a run's failed rows fresh attempts; answers that could not be loaded are loaded from disk.",
    options: options.retry,
    prints: 'summary',
    load: () => import('./retry.ts'),
  },
  {
    name: 'recover',
    args: '<file>',
    summary: 'Adopts batches at the provider whose state folder was lost, and loads their answers.',
    options: options.recover,
    prints: 'summaries',
    load: () => import('./recover.ts'),
  },
  {
    name: 'status',
    args: '[run-or-file]',
    summary: 'Shows runs, batches and row counts. Reaches no network.',
    options: options.status,
    load: () => import('./status.ts'),
  },
  {
    name: 'results',
    args: '[run-or-file]',
    summary: 'Shows rows as they now are in the sink.',
    options: options.results,
    load: () => import('./results.ts'),
  },
  {
    name: 'errors',
    args: '[run-or-file]',
    summary: "Lists a run's failed rows with their reasons, and those that wait with one.",
    options: options.errors,
    load: () => import('./errors.ts'),
  },
  {
    name: 'runs',
    args: '[file]',
    summary: 'Lists the runs so far, newest first.',
    options: options.runs,
    load: () => import('./runs.ts'),
  },
  {
    name: 'gc',
    args: '',
    summary: 'Deletes remote and local files of runs that ended, and orphaned uploads.',
    options: options.gc,
    load: () => import('./gc.ts'),
  },
  {
    name: 'schema',
    args: '',
    summary: 'Prints the JSON Schema of pipeline files, or of their test files, for editors.',
    options: options.schema,
    load: () => import('./schema.ts'),
  },
  {
    name: 'emulator',
    args: '',
    summary: 'Serves the batch APIs of OpenAI, Anthropic and Gemini on loopback, for trying things out.',
    options: options.emulator,
    load: () => import('./emulator.ts'),
  },
];
