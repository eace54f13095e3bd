import type { z } from 'zod';
import type { ComponentDeclaration } from './component.ts';
import type { RowBatch } from './row-batch.ts';
import type { Field } from './value.ts';

/** A transform made ready for the fields that reach it. Pure: it holds nothing from one batch to the next. */
export interface OpenedTransform {
  /** The fields that leave it. */
  readonly fields: readonly Field[];
  /** The fields that it needs of those that reach it, when `wanted` of its own are wanted. */
  needs(wanted: ReadonlySet<string>): ReadonlySet<string>;
  apply(batch: RowBatch): TransformedBatch;
}

export interface TransformedBatch {
  readonly batch: RowBatch;
  /** Rows taken out. */
  readonly filtered: number;
  /** Rows of the incoming batch on which an expression failed; they are out of `batch` too. */
  readonly failures: readonly TransformFailure[];
}

export interface TransformFailure {
  readonly row: number;
  readonly code: string;
  readonly message: string;
}

export interface TransformDeclaration<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
> extends ComponentDeclaration<Name, Config> {
  /** @throws BatchlineError where the configuration does not fit the fields */
  open(config: z.output<Config>, fields: readonly Field[]): Promise<OpenedTransform>;
}

export function defineTransform<Name extends string, Config extends z.ZodObject>(
  declaration: TransformDeclaration<Name, Config>,
): TransformDeclaration<Name, Config> {
  return declaration;
}
