import type { DatabaseSync } from 'node:sqlite';
import type { AnswerLedger, AnswerOrigin, AnswerSizes } from '../answer-ledger.ts';
import { inTransaction } from './write.ts';

const selectMedian = `
  SELECT tokens FROM (
    SELECT tokens, SUM(answers) OVER (ORDER BY tokens) AS up_to, SUM(answers) OVER () AS total FROM answer_sizes
    WHERE pipeline = :pipeline AND origin = :origin
  ) WHERE up_to * 2 >= total ORDER BY tokens LIMIT 1`;

const addSizes = `
  INSERT INTO answer_sizes (pipeline, origin, tokens, answers) VALUES (:pipeline, :origin, :tokens, :answers)
  ON CONFLICT (pipeline, origin, tokens) DO UPDATE SET answers = answers + excluded.answers`;

const selectPipeline = `SELECT pipeline FROM runs WHERE run_id = :runId`;

export class SqliteAnswers implements AnswerLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async medianAnswer(pipeline: string, origin: AnswerOrigin): Promise<number | null> {
    const tokens = this.#database.prepare(selectMedian).get({ pipeline, origin })?.['tokens'];
    return typeof tokens === 'number' ? tokens : null;
  }

  async addPreviewed(pipeline: string, sizes: AnswerSizes): Promise<void> {
    inTransaction(this.#database, () => add(this.#database, { pipeline, origin: 'preview' }, sizes));
  }
}

/** Takes in the answers to a run's requests; to be called within a transaction. */
export function addAnswered(database: DatabaseSync, runId: string, sizes: AnswerSizes): void {
  if (sizes.size === 0) return;
  const pipeline = String(database.prepare(selectPipeline).get({ runId })?.['pipeline']);
  add(database, { pipeline, origin: 'history' }, sizes);
}

function add(
  database: DatabaseSync,
  of: { readonly pipeline: string; readonly origin: AnswerOrigin },
  sizes: AnswerSizes,
): void {
  const statement = database.prepare(addSizes);
  for (const [tokens, answers] of sizes) statement.run({ ...of, tokens, answers });
}
