import type { PurposeName } from './purposes.ts';

/** A variable that the pipeline file reads. */
export interface Variable {
  readonly name: string;
  /** What stands in `.env.example`. */
  readonly example: string;
  /** What goes into `.env`; undefined where it is the user's to give. */
  readonly value?: string | undefined;
}

/** A block of the pipeline file. */
export type Block = Readonly<Record<string, unknown>>;

/** A column of the source. */
export interface Column {
  readonly name: string;
  /** Whether a model can read something out of it, by its type. */
  readonly isText: boolean;
}

/** All that is decided before a pipeline file is written. */
export interface Plan {
  /** The pipeline's name, and its file's without the ending. */
  readonly name: string;
  readonly purpose: PurposeName;
  /** What the model is told to do; undefined for the purpose's own. */
  readonly instruction?: string | undefined;
  readonly source: Block;
  /** Names the source for a reader. */
  readonly origin: string;
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  readonly provider: Block;
  readonly model: string;
  /** Without its key and columns. */
  readonly sink: Block;
  readonly variables: readonly Variable[];
}
