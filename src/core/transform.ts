import type { z } from 'zod';
import type { ComponentDeclaration } from './component.ts';
import { BatchlineError } from './errors.ts';
import type { RowBatch } from './row-batch.ts';
import type { Field } from './value.ts';

/** `o200k_base`: the models since gpt-4o. `cl100k_base`: the embedding models. */
export type TokenEncoding = 'o200k_base' | 'cl100k_base';

/** What a transform is told about the pipeline that it is part of. */
export interface TransformContext {
  /** Folder that relative paths start from: the pipeline file's. */
  readonly baseDir: string;
  /** How many parts the key has that reaches it. */
  readonly keyParts: number;
  /** How the request's model counts tokens. */
  readonly encoding: TokenEncoding;
}

/** A transform made ready for the fields that reach it. Pure: it holds nothing from one batch to the next. */
export interface OpenedTransform {
  /** The fields that leave it. */
  readonly fields: readonly Field[];
  /** The fields that it needs of those that reach it, when `wanted` of its own are wanted. */
  needs(wanted: ReadonlySet<string>): ReadonlySet<string>;
  /** What it depends on beside its configuration, for the run's fingerprint: the text of a user's file. */
  readonly fingerprint?: Readonly<Record<string, string>>;
  /** @param signal ends a wait, where it waits for anything */
  apply(batch: RowBatch, signal: AbortSignal): TransformedBatch | Promise<TransformedBatch>;
}

export interface TransformedBatch {
  readonly batch: RowBatch;
  /** Rows taken out. */
  readonly filtered: number;
  /** Rows of the incoming batch that could not be read, or on which an expression failed; they are out of `batch` too. */
  readonly failures: readonly TransformFailure[];
  /** How many pieces each row of the incoming batch that has not failed was cut into; only where the transform adds to the key. */
  readonly pieces?: Uint32Array;
}

export interface TransformFailure {
  readonly row: number;
  readonly code: string;
  readonly message: string;
}

/** What to say of a row that made a transform throw; what is not a BatchlineError is thrown on. */
export function transformFailure(batch: RowBatch, row: number, error: unknown): TransformFailure {
  if (!(error instanceof BatchlineError)) throw error;
  return { row, code: error.code, message: `${batch.position(row)}: ${error.message}` };
}

export interface TransformDeclaration<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
> extends ComponentDeclaration<Name, Config> {
  /** The field that it adds to the key, where it makes several rows of one. */
  readonly keyField?: Field;
  /** @throws BatchlineError where the configuration does not fit the fields */
  open(
    config: z.output<Config>,
    fields: readonly Field[],
    context: TransformContext,
  ): Promise<OpenedTransform>;
}

export function defineTransform<Name extends string, Config extends z.ZodObject>(
  declaration: TransformDeclaration<Name, Config>,
): TransformDeclaration<Name, Config> {
  return declaration;
}
