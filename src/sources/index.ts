import type { SourceDeclaration } from '../core/source.ts';
import { csv } from './csv.ts';
import { duckdb } from './duckdb.ts';
import { json } from './json.ts';
import { jsonl } from './jsonl.ts';
import { postgres } from './postgres.ts';

/** Every source that a pipeline may name. */
export const sources: readonly SourceDeclaration[] = [postgres, csv, json, jsonl, duckdb];
