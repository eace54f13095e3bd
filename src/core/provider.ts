import type { z } from 'zod';
import type { BatchLimits, BatchSide } from './batch-side.ts';
import type { ComponentDeclaration } from './component.ts';
import type { Dialect, DialectFault } from './dialect.ts';
import type { DirectSide } from './direct-side.ts';
import type { Tariff } from './tariff.ts';

/** What is to be asked of a provider: batches, or answers to single requests alone. */
export type ProviderNeed = 'batches' | 'answers';

/** @param mode as a pipeline file has it */
export function needOf(mode: unknown): ProviderNeed {
  return mode === 'standard' ? 'answers' : 'batches';
}

/** A provider with an account. Every error of its calls is a BatchlineError, and no call is retried inside. */
export interface OpenedProvider {
  /** Keyed hash of account, organisation and project; never the key itself. */
  readonly account: string;
  /**
   * The cheapest call that needs the key; proves address and key.
   *
   * @param need `batches` where it is left out
   */
  check(signal: AbortSignal, need?: ProviderNeed): Promise<void>;
  /**
   * Looks whether there is such a model, where the provider can say; nothing that keeps it from saying is an error.
   * Absent where it never can.
   *
   * @throws BatchlineError `model_not_found`
   */
  checkModel?(model: string, signal: AbortSignal): Promise<void>;
  readonly batches: BatchSide;
  readonly direct: DirectSide;
}

export interface ProviderContext {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  warn(message: string): void;
}

export interface ProviderDeclaration<
  Name extends string = string,
  Config extends z.ZodObject = z.ZodObject,
> extends ComponentDeclaration<Name, Config> {
  readonly dialect: Dialect;
  /** The variable that its key is read from where the file holds none. */
  readonly keyVariable: string;
  /** Where `base_url` begins at a server: `/v1`, or nothing. */
  readonly basePath: string;
  /** The dialect of one block, where blocks differ in theirs. */
  dialectFor?(config: z.output<Config>): Dialect;
  /** The most that one batch may hold: here, and at servers of which other limits are known, by name. */
  readonly limits?: Readonly<Record<string, BatchLimits>>;
  /** What its requests cost at its own address. */
  readonly tariff: Tariff;
  /** The same at a server of which other things are known; undefined of any other host. */
  tariffAt?(host: string): Tariff | undefined;
  /** What of its block, as it is written, cannot work for what is to be asked. */
  faults?(block: Readonly<Record<string, unknown>>, need: ProviderNeed): readonly DialectFault[];
  /** Reads the key and builds the client; reaches nothing. */
  open(config: z.output<Config>, context: ProviderContext): Promise<OpenedProvider>;
}

export function defineProvider<Name extends string, Config extends z.ZodObject>(
  declaration: ProviderDeclaration<Name, Config>,
): ProviderDeclaration<Name, Config> {
  return declaration;
}
