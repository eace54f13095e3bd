import { BatchlineError } from '../core/errors.ts';
import { isAtProvider } from '../ledger/chunk-state.ts';
import type { ChunkRecord, RunRecord } from '../ledger/ledger.ts';

const mostNamed = 10;

interface Left {
  readonly chunk: ChunkRecord;
  readonly why: BatchlineError;
}

/** What a run that is ended leaves behind, each chunk with the reason. */
export class LeftBehind {
  readonly #left = new Map<number, Left>();

  note(chunk: ChunkRecord, why: BatchlineError): void {
    this.#left.set(chunk.chunk, { chunk, why });
  }

  has({ chunk }: ChunkRecord): boolean {
    return this.#left.has(chunk);
  }

  /** What is true of it, and what can be done; null where nothing is left. */
  error(run: RunRecord): BatchlineError | null {
    const left = [...this.#left.values()].toSorted((a, b) => a.chunk.chunk - b.chunk.chunk);
    const doubts = left.filter(({ why }) => why.code === 'create_in_doubt');
    const others = left.filter(({ why }) => why.code !== 'create_in_doubt');
    const batches = others.filter(({ chunk }) => isAtProvider(chunk.state));
    const answers = others.filter(({ chunk }) => !isAtProvider(chunk.state));
    const told = [...inDoubt(run, doubts), ...unreached(run, batches), ...unloaded(run, answers)];
    const [first] = told;
    if (first === undefined) return null;
    return new BatchlineError(
      first.code,
      `Run ${run.runId} is cancelled, but ${told.map(({ message }) => message).join(' And ')}`,
      { where: first.where, hint: told.map(({ hint }) => hint).join(' '), exitCode: 1, cause: first.why },
    );
  }
}

interface Told {
  readonly code: 'create_in_doubt' | 'batches_unreached' | 'answers_not_loaded';
  readonly message: string;
  readonly where: string | undefined;
  readonly hint: string;
  readonly why: BatchlineError;
}

/** Batches that may be the run's are left as they are: they may be another's. */
function inDoubt({ path }: RunRecord, left: readonly Left[]): readonly Told[] {
  const [first] = left;
  if (first === undefined) return [];
  return [
    {
      code: 'create_in_doubt',
      message: lowerFirst(left.map(({ why }) => why.message).join(' ')),
      where: undefined,
      hint: `Look for them at the provider. \`pipeline recover ${path} --batch ID\` loads the answers of one that is the run's; a new run sends the rows again, which may be paid for twice.`,
      why: first.why,
    },
  ];
}

function unreached({ runId }: RunRecord, left: readonly Left[]): readonly Told[] {
  const [first] = left;
  if (first === undefined) return [];
  const { why } = first;
  const named = left.map(({ chunk }) => chunk.batchId ?? `the one of file ${chunk.chunk}, if there is one`);
  return [
    {
      code: 'batches_unreached',
      message: `${count(left.length, 'batch', 'batches')} could not be reached and may still run and cost money: ${listed(named)}. ${why.message}`,
      where: why.where,
      hint: `Look for them at the provider. Once it can be reached, \`pipeline cancel ${runId}\` again cancels them and loads what they have answered. Until then a new run sends their rows again, which may be paid for twice.`,
      why,
    },
  ];
}

function unloaded({ runId, path, folder }: RunRecord, left: readonly Left[]): readonly Told[] {
  const [first] = left;
  if (first === undefined) return [];
  const { why } = first;
  const because = why.hint === undefined ? '' : `${why.hint} `;
  return [
    {
      code: 'answers_not_loaded',
      message: `the answers of ${count(left.length, 'file', 'files')} could not be loaded. ${why.message}`,
      where: why.where,
      hint: `${because}The answers are kept in ${folder}: \`pipeline load ${path} --run ${runId}\` then loads them, which is free.`,
      why,
    },
  ];
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostNamed).join(', ');
  return names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
