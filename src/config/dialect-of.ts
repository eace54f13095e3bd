import type { Dialect } from '../core/dialect.ts';
import type { ProviderDeclaration } from '../core/provider.ts';
import { providers } from '../providers/index.ts';
import { declarationOf } from './blocks.ts';
import { valueAt } from './fault.ts';
import { defaultProvider, type Pipeline } from './pipeline.ts';

/** How the pipeline's provider writes requests and results. */
export function dialectOf({ provider }: Pick<Pipeline, 'provider'>): Dialect {
  const declaration = declarationOf(providers, provider);
  return declaration.dialectFor?.(provider) ?? declaration.dialect;
}

/** The same for a file's data; undefined where it names no provider that there is. */
export function writtenDialect(data: unknown): Dialect | undefined {
  return writtenProvider(data)?.dialect;
}

/** What the provider that a file's data names declares; undefined where there is no such one. */
export function writtenProvider(data: unknown): ProviderDeclaration | undefined {
  const type = valueAt(data, ['provider', 'type']) ?? defaultProvider;
  return providers.find(({ name }) => name === type);
}
