import { didYouMean } from '../core/did-you-mean.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Environment } from '../config/environment.ts';
import { fileSink, tableSink } from './choose-sink.ts';
import { isDatabase, nameDatabase, type NamedDatabase } from './database-variable.ts';
import type { FoundSource } from './found-source.ts';
import { lookAtFile } from './look-at-file.ts';
import type { Column, Plan, Variable } from './plan.ts';
import { chooseProvider, knownProviders } from './providers.ts';
import { purposes } from './purposes.ts';
import type { InitFlags, Questions } from './questions.ts';
import { Tables } from './tables.ts';

export interface Surroundings {
  readonly cwd: string;
  /** Where the pipeline file will stand. */
  readonly folder: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** Texts of so many columns are proposed to be read. */
const mostProposed = 8;

/** Decides what the pipeline is to be, reaching its source on the way. @throws BatchlineError */
export async function makePlan(flags: InitFlags, questions: Questions, around: Surroundings): Promise<Plan> {
  const purpose = flags.template ?? (await questions.purpose());
  const instruction = flags.instruction ?? (purpose === 'own' ? await questions.instruction() : undefined);
  const given = flags.source ?? (await questions.source());
  const database = isDatabase(given) ? nameDatabase(given, around.env) : null;
  const found =
    database === null
      ? await lookAtFile(given, around)
      : await lookAtTable(database, flags.table, questions, around);
  const key = flags.key ?? (await questions.key(found));
  found.requireKey(key);
  const names = flags.columns ?? (await questions.columns(found, proposed(found, key)));
  const columns = names.map((name) => columnNamed(name, found));
  const name = flags.name ?? usualName(found.shortName, purpose);
  const { sink, variables } = await chooseSink(flags, questions, { found, database, purpose, name, around });
  const provider = flags.provider ?? (flags.isEmulator ? 'openai' : await questions.provider(purpose));
  const isNamed = provider === 'emulator' || knownProviders[provider] !== undefined;
  const model = flags.model ?? (isNamed ? undefined : await questions.model(provider));
  const chosen = chooseProvider({ provider, isEmulator: flags.isEmulator, model }, purposes[purpose]);
  return {
    name,
    purpose,
    instruction,
    source: found.block,
    origin: found.origin,
    key,
    columns,
    provider: chosen.block,
    model: chosen.model,
    sink,
    variables: unique([...variables, ...chosen.variables]),
  };
}

async function lookAtTable(
  { url, written }: NamedDatabase,
  table: string | undefined,
  questions: Questions,
  { folder, signal }: Surroundings,
): Promise<FoundSource> {
  await using tables = await Tables.open(url, `${folder}/.pipeline`, signal);
  return await tables.look(table ?? (await questions.table(await tables.list())), written);
}

/** Columns of text, without the key; all others where there is none. */
function proposed({ columns }: FoundSource, key: readonly string[]): readonly string[] {
  const others = columns.filter(({ name }) => !key.includes(name));
  const texts = others.filter(({ isText }) => isText);
  const chosen = texts.length > 0 ? texts : others.length > 0 ? others : columns;
  return chosen.slice(0, mostProposed).map(({ name }) => name);
}

function columnNamed(name: string, { columns, origin }: FoundSource): Column {
  const column = columns.find((each) => each.name === name);
  if (column !== undefined) return column;
  throw new BatchlineError('unknown_column', `${origin} has no column "${name}".`, {
    hint: didYouMean(
      name,
      columns.map((each) => each.name),
    ),
    exitCode: 2,
  });
}

interface SinkChoice {
  readonly found: FoundSource;
  readonly database: NamedDatabase | null;
  readonly purpose: string;
  readonly name: string;
  readonly around: Surroundings;
}

async function chooseSink(
  flags: InitFlags,
  questions: Questions,
  { found, database, purpose, name, around }: SinkChoice,
): Promise<{ readonly sink: Plan['sink']; readonly variables: readonly Variable[] }> {
  const given = flags.sink ?? (await questions.sink(found));
  const before = database?.variables ?? [];
  if (given === undefined && database !== null)
    return { sink: tableSink(database.written, found, purpose), variables: before };
  if (given === undefined || !isDatabase(given))
    return { sink: fileSink(given, found.block, name), variables: before };
  const known = Object.fromEntries(before.map((variable) => [variable.name, variable.value]));
  const target = nameDatabase(given, { ...known, ...around.env });
  const { schema: _elsewhere, ...rows } = found;
  return {
    sink: tableSink(target.written, target.written === database?.written ? found : rows, purpose),
    variables: unique([...before, ...target.variables]),
  };
}

function unique(variables: readonly Variable[]): readonly Variable[] {
  return [...new Map(variables.toReversed().map((each) => [each.name, each])).values()].toReversed();
}

/** Of letters that any file system and shell takes as they are. */
function usualName(shortName: string, purpose: string): string {
  const stem = shortName
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return stem === '' ? purpose : `${stem}-${purpose}`;
}
