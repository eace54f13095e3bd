import { join, relative, resolve } from 'node:path';
import { loadEnvironment } from '../config/environment.ts';
import { pipelineJsonSchema } from '../config/json-schema.ts';
import { hideEnvironment } from '../config/secrets.ts';
import { BatchlineError } from '../core/errors.ts';
import { openQuestions } from '../init/ask.ts';
import { makePlan } from '../init/make-plan.ts';
import { pipelineYaml } from '../init/pipeline-yaml.ts';
import type { Plan } from '../init/plan.ts';
import type { PurposeName } from '../init/purposes.ts';
import { type InitFlags, type Questions, unasked } from '../init/questions.ts';
import { quickstartPlan, quickstartRows } from '../init/quickstart.ts';
import { installedSchema, schemaCopy } from '../init/schema-line.ts';
import { requireFree, writeProject } from '../init/write-project.ts';
import type { CommandContext, Main } from './context.ts';

type Options = Readonly<Record<string, unknown>>;

/** `pipeline init [DIR]`: writes a pipeline file that runs, and what belongs beside it. */
export const main: Main = async ([dir = '.'], options, context) => {
  const folder = resolve(context.cwd, dir);
  const isForced = options['force'] === true;
  const isAsking =
    isTerminal() &&
    (options['template'] === undefined ||
      (options['source'] === undefined && options['template'] !== 'quickstart'));
  const questions = isAsking ? await openQuestions() : unasked;
  const name = nameOf(options['name'] as string | undefined);
  // Before anybody types answers for nothing.
  if (name !== undefined) await requireFree({ folder, files: { [`${name}.yaml`]: '' }, isForced });
  const plan = await planFor(name, questions, { options, context, folder });
  const schema = await installedSchema(folder);
  const files = {
    [`${plan.name}.yaml`]: pipelineYaml(plan, schema ?? `./${schemaCopy}`),
    ...(isQuickstart(options) && { [quickstartRows.name]: quickstartRows.text }),
  };
  await requireFree({ folder, files, isForced });
  const values = plan.variables.filter(
    ({ value, name: variable }) => value !== undefined && context.env[variable] !== value,
  );
  const names = values.map((variable) => variable.name);
  const keepsValues = names.length > 0 && (await questions.keepsValues(names));
  const copies =
    schema === null ? { [schemaCopy]: `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n` } : {};
  const written = await writeProject({
    folder,
    files,
    copies,
    variables: plan.variables,
    isForced,
    keepsValues,
  });
  context.print(`Wrote ${written.map((file) => shown(join(folder, file), context)).join(', ')}.`);
  sayWhatIsMissing(plan, { names: keepsValues ? [] : names, context });
  sayNext(plan, shown(join(folder, `${plan.name}.yaml`), context), context);
  return 0;
};

interface Given {
  readonly options: Options;
  readonly context: CommandContext;
  readonly folder: string;
}

async function planFor(
  name: string | undefined,
  questions: Questions,
  { options, context, folder }: Given,
): Promise<Plan> {
  if (isQuickstart(options)) return quickstartPlan(name ?? 'quickstart');
  const { cwd, signals } = context;
  const env = await loadEnvironment(context.env, folder, undefined);
  hideEnvironment(context.redactor, env);
  return makePlan({ ...flagsOf(options), name }, questions, { cwd, folder, env, signal: signals.drain });
}

function flagsOf(options: Options): InitFlags {
  const text = (name: string): string | undefined => options[name] as string | undefined;
  const list = (name: string): readonly string[] | undefined =>
    options[name] as readonly string[] | undefined;
  return {
    template: text('template') as PurposeName | undefined,
    instruction: text('instruction'),
    source: text('source'),
    table: text('table'),
    key: list('key'),
    columns: list('column'),
    sink: text('sink'),
    provider: text('provider'),
    model: text('model'),
    isEmulator: options['emulator'] === true,
  };
}

function isQuickstart(options: Options): boolean {
  return options['template'] === 'quickstart';
}

function isTerminal(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}

function nameOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const name = given.replace(/\.ya?ml$/i, '');
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(name)) return name;
  throw new BatchlineError('bad_name', `"${name}" cannot be the name of a pipeline.`, {
    hint: 'Take letters, digits, - and _, as in --name nightly-tags.',
    exitCode: 2,
  });
}

/** What has to be set before the file runs. */
function sayWhatIsMissing(
  { variables }: Plan,
  { names, context }: { readonly names: readonly string[]; readonly context: CommandContext },
): void {
  const unset = variables
    .filter(({ name, value }) => value === undefined && (context.env[name] ?? '') === '')
    .map(({ name }) => name);
  const missing = [...names, ...unset];
  if (missing.length > 0)
    context.print(`Set ${missing.join(' and ')}, in the environment or in .env beside the file.`);
}

/** The last lines are what to type next. */
function sayNext({ sink, source, provider }: Plan, file: string, context: CommandContext): void {
  context.print('Next:');
  const isWhole = provider['base_url'] === 'emulator' && source['path'] === quickstartRows.name;
  if (sink['table'] !== undefined || isWhole) {
    context.print(`  npx pipeline run ${file}${isWhole ? '' : ' --limit 20'}`);
    context.print(`  npx pipeline results ${file}`);
    return;
  }
  // A file stands for all rows, so that some of them go into another one.
  const ending = /\.\w+$/.exec(String(sink['path']))?.[0] ?? '.csv';
  context.print(`  npx pipeline run ${file} --limit 20 --set sink.path=trial${ending}`);
  context.print(`  npx pipeline run ${file}`);
}

function shown(path: string, { cwd }: CommandContext): string {
  const near = relative(cwd, path);
  const text = near.startsWith('..') ? path : near;
  return /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
