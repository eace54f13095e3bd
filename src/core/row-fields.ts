import type { Field } from './value.ts';

/** Which fields a row has on its way through a pipeline, where that is known; undefined where it is not. */
export interface RowFields {
  /** Those that reach each transform. */
  readonly before: readonly (readonly Field[] | undefined)[];
  /** Those that reach the renderer. */
  readonly leaving: readonly Field[] | undefined;
  /** Transforms that do not fit the fields which reach them, by their place, and why. */
  readonly faults: readonly { readonly transform: number; readonly message: string }[];
}
