import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BatchlineError, loadPipeline, runPipeline } from '../../src/index.ts';
import { paidLines } from '../support/bill.ts';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

/** A row asks with one of these texts; how the first row of each text fares at the provider. */
const anyText = fc.record({ fate: fc.constantFrom('answered', 'answered', 'passing', 'refused') });

interface Case {
  readonly texts: readonly { readonly fate: string }[];
  /** The text of each row, as an index; taken modulo the number of texts. */
  readonly rows: readonly number[];
  readonly perFile: number;
  readonly isTable: boolean;
  /** After how many events each process is broken off. */
  readonly stops: readonly number[];
}

const anyCase: fc.Arbitrary<Case> = fc.record({
  texts: fc.array(anyText, { minLength: 1, maxLength: 6 }),
  rows: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 40 }),
  perFile: fc.integer({ min: 1, max: 4 }),
  isTable: fc.boolean(),
  stops: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
});

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** What is to come of a case, worked out in memory. */
function model({ texts, rows }: Case) {
  const asked = rows.map((text, index) => ({ id: index + 1, text: text % texts.length }));
  const leaders = new Map(asked.toReversed().map(({ id, text }) => [text, id]));
  const led = (fate: string) =>
    [...leaders].filter(([text]) => texts[text]?.fate === fate).map(([, id]) => String(id));
  const fails = ({ text }: { readonly text: number }) => texts[text]?.fate === 'refused';
  return {
    asked,
    passing: led('passing'),
    refused: led('refused'),
    answers: asked
      .filter((row) => !fails(row))
      .map(({ id, text }) => ({ id, answer: promptAnswer(`text ${text}`), place: `place ${id}` })),
    failed: asked.filter(fails).length,
    paid: leaders.size + led('passing').length,
  };
}

type Model = ReturnType<typeof model>;

async function createTables({ asked }: Model): Promise<void> {
  const values = asked.map(({ id, text }) => `(${id}, 'text ${text}', 'place ${id}')`);
  // The target has no unique index, so that a row that was loaded twice would show.
  await database.client.query(`
    DROP TABLE IF EXISTS notes, answers, batchline_loads;
    CREATE TABLE notes (id bigint PRIMARY KEY, body text, place text);
    CREATE TABLE answers (id bigint, answer text, place text);
    INSERT INTO notes VALUES ${values.join(', ')}`);
}

function startEmulator({ passing, refused }: Model): Promise<TestEmulator> {
  return createEmulator({
    faults: {
      rows: [
        ...(passing.length === 0
          ? []
          : [{ fault: 'status' as const, status: 503, custom_ids: passing, attempts: 1 }]),
        ...(refused.length === 0 ? [] : [{ fault: 'status' as const, status: 400, custom_ids: refused }]),
      ],
    },
  });
}

function pipeline(url: string, { isTable, perFile }: Case): object {
  const source = isTable ? { table: 'notes' } : { query: 'SELECT * FROM notes ORDER BY id' };
  return {
    source: { type: 'postgres', url: database.url, key: 'id', ...source },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}', dedupe: true },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: perFile },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'answers',
      mode: 'insert',
      columns: { answer: 'text', place: 'row.place' },
    },
  };
}

/** Runs as often as it is broken off, and once to the end. */
async function runAll(project: PipelineProject, stops: readonly number[]) {
  const loaded = await loadPipeline(project.path('pipeline.yaml'), { env: {} });
  for (const stop of [...stops, Infinity]) {
    const stopped = new AbortController();
    let events = 0;
    const onEvent = () => {
      events += 1;
      if (events === stop) stopped.abort();
    };
    try {
      return await runPipeline(loaded, { signal: stopped.signal, onEvent, noBreaker: true });
    } catch (error) {
      if (!(error instanceof BatchlineError) || !stopped.signal.aborted) throw error;
    }
  }
  throw new Error('The run did not end.');
}

it(
  'answers every row that asked and pays each text once, wherever it is broken off',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, async (given) => {
        const wanted = model(given);
        await createTables(wanted);
        await using emulator = await startEmulator(wanted);
        await using project = await PipelineProject.create(pipeline(emulator.url, given));
        const { summary } = await runAll(project, given.stops);
        const { rows: answers } = await database.client.query(
          'SELECT id::int, answer, place FROM answers ORDER BY answers.id',
        );
        expect(answers).toEqual(wanted.answers);
        expect(summary.rows).toMatchObject({
          requested: wanted.asked.length,
          ok: wanted.answers.length,
          failed: wanted.failed,
          pending: 0,
        });
        expect(paidLines(await emulator.bill())).toHaveLength(wanted.paid);
      }),
      { numRuns: 12 },
    );
  },
);
