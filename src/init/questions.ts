import { BatchlineError } from '../core/errors.ts';
import type { FoundSource } from './found-source.ts';
import type { PurposeName } from './purposes.ts';

/** What was said beforehand, by flags. */
export interface InitFlags {
  readonly template?: PurposeName | undefined;
  readonly instruction?: string | undefined;
  readonly source?: string | undefined;
  readonly table?: string | undefined;
  readonly key?: readonly string[] | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly sink?: string | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly isEmulator: boolean;
  readonly name?: string | undefined;
}

/** Whoever decides what no flag has decided, in this order. */
export interface Questions {
  purpose(): Promise<PurposeName>;
  instruction(): Promise<string>;
  /** A database's URL, the name of a variable that holds one, or a file. */
  source(): Promise<string>;
  table(known: readonly string[]): Promise<string>;
  key(found: FoundSource): Promise<readonly string[]>;
  columns(found: FoundSource, proposed: readonly string[]): Promise<readonly string[]>;
  /** Undefined: beside the rows. */
  sink(found: FoundSource): Promise<string | undefined>;
  provider(purpose: PurposeName): Promise<string>;
  model(server: string): Promise<string>;
  /** Whether a database's URL is written into `.env`. */
  keepsValues(names: readonly string[]): Promise<boolean>;
}

/** Where nobody can be asked: what is proposed is taken, and what cannot be proposed has to be said by a flag. */
export const unasked: Questions = {
  async purpose() {
    throw missing('--template', 'Take one of tags, summaries, embeddings, own and quickstart.');
  },
  async instruction() {
    throw missing('--instruction', 'Say what the model is to do with each row.');
  },
  async source() {
    throw missing('--source', 'Name a postgres:// URL, a variable that holds one, or a file.');
  },
  async table(known) {
    const [only] = known;
    if (known.length === 1 && only !== undefined) return only;
    const list = known.slice(0, 20).join(', ');
    throw missing(
      '--table',
      known.length === 0 ? 'This user may read no table there.' : `There are: ${list}.`,
    );
  },
  async key(found) {
    if (found.key !== null) return found.key;
    const names = found.columns.map(({ name }) => name).join(', ');
    throw missing('--key', `Nothing says which column names a row of ${found.origin}. It has: ${names}.`);
  },
  columns: async (_found, proposed) => proposed,
  sink: async () => undefined,
  provider: async () => 'openai',
  async model() {
    throw missing('--model', 'Name a model of that server.');
  },
  keepsValues: async () => true,
};

function missing(flag: string, hint: string): BatchlineError {
  return new BatchlineError('usage', `${flag} is missing, and there is no terminal to ask on.`, {
    hint,
    exitCode: 2,
  });
}
