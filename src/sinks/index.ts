import type { SinkDeclaration } from '../core/sink.ts';
import { csv } from './csv.ts';
import { duckdb } from './duckdb.ts';
import { jsonl } from './jsonl.ts';
import { postgres } from './postgres.ts';

/** Every sink that a pipeline may name. */
export const sinks: readonly SinkDeclaration[] = [postgres, jsonl, csv, duckdb];
