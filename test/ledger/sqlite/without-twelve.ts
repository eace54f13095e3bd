import type { DatabaseSync } from 'node:sqlite';

/** By table, the columns that ledgers have since version 12. */
const columns = {
  chunks: ['cost_usd', 'unpriced', 'list_usd', 'cache_saved_usd'],
} as const;

const tables = ['answer_sizes', 'confirmations', 'batch_times', 'run_forecasts', 'notices'] as const;

/** Takes away what versions before 12 did not have. */
export function dropTwelve(database: DatabaseSync): void {
  for (const table of tables) database.exec(`DROP TABLE ${table}`);
  for (const [table, names] of Object.entries(columns))
    for (const name of names) database.exec(`ALTER TABLE ${table} DROP COLUMN ${name}`);
}
