import type { SinkDeclaration } from '../core/sink.ts';

/** Every sink that a pipeline may name. */
export const sinks: readonly SinkDeclaration[] = [];
