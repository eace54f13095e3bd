import type { Plan } from '../plan/plan.ts';
import { planLine, tokens } from './render/plan-words.ts';
import { bytes, count, counted, dollars } from './render/numbers.ts';

/** A plan as a small table, and in one line. */
export function planText(plan: Plan): string {
  const lines: readonly (readonly [name: string, text: string | null])[] = [
    ['rows', rowsText(plan)],
    ['', notSentText(plan)],
    ['files', filesText(plan)],
    ['tokens', inputText(plan)],
    ['', outputText(plan)],
    ['cost', costText(plan)],
    ['', plan.prices_remark],
  ];
  const table = lines.flatMap(([name, text]) => (text === null ? [] : [`${name.padEnd(9)}${text}`]));
  const said = notes(plan);
  return [...table, ...(said.length === 0 ? [] : ['', ...said]), '', planLine(lineOf(plan))].join('\n');
}

function rowsText({ rows }: Plan): string {
  return `${count(rows.read)} read = ${count(rows.filtered)} filtered + ${count(rows.skipped)} skipped + ${count(rows.requested)} requested`;
}

function notSentText({ rows }: Plan): string | null {
  return rows.failed === 0
    ? null
    : `${counted(rows.failed, 'row')} of those requested would fail before they are sent`;
}

function filesText({ batches, rounds, disk_bytes: disk }: Plan): string {
  const total = batches.reduce((sum, file) => sum + file.bytes, 0);
  const waiting = rounds > 1 ? `, in ${rounds} rounds by batch.max_enqueued_tokens` : '';
  return `${counted(batches.length, 'file')}, ${bytes(total)}; with the rows' own ${bytes(disk)} on disk${waiting}`;
}

function inputText({ tokens: { input, exact } }: Plan): string {
  return exact ? `${count(input)} in` : `about ${tokens(input)} in`;
}

const bases = {
  history: 'as past answers of the pipeline',
  preview: 'as the answers of its preview',
  assumed: 'assumed',
} as const;

function outputText({
  tokens: { output_expected: expected, output_ceiling: ceiling, output_basis: basis },
}: Plan) {
  const most = ceiling === null ? 'with no ceiling' : `at most ${tokens(ceiling)}`;
  if (expected === null) return `out unknown, ${most}: set budget.output_tokens_per_row`;
  return `about ${tokens(expected)} out${basis === null ? '' : ` (${bases[basis]})`}, ${most}`;
}

function costText({ cost_usd: cost, prices_by: by, prices_as_of: asOf }: Plan): string {
  const flex = cost.flex === undefined ? '' : `, ${text(cost.flex)} at flex`;
  const source = asOf === null ? by : `${by}, prices of ${asOf}`;
  return `${text(cost.batch)} by batch, ${text(cost.standard)} one by one${flex}; at most ${text(cost.ceiling)} by batch (${source})`;
}

function text(value: number | null): string {
  return value === null ? 'unknown' : dollars(value);
}

function notes(plan: Plan): readonly string[] {
  const { extrapolated, at_least: atLeast, sampled_records: read, rows, unfinished_run: run } = plan;
  return [
    ...(extrapolated
      ? [
          `${counted(read, 'row')} of ${count(rows.records)} were read; the numbers are as if all were like them.`,
        ]
      : []),
    ...(atLeast ? [`${counted(read, 'row')} were read; how many more there are is not known.`] : []),
    ...(run === null ? [] : [`Run ${run} is unfinished: \`pipeline run\` goes on with it.`]),
  ];
}

function lineOf({ batches, tokens: { input, exact }, way, cost_usd: cost, ...plan }: Plan) {
  return {
    sureness: plan.at_least ? 'at least' : plan.extrapolated ? 'about' : 'exact',
    requests: batches.reduce((sum, file) => sum + file.requests, 0),
    files: batches.length,
    input,
    isExact: exact,
    way,
    cost: { batch: cost.batch, standard: cost.standard },
    done: plan.done === null ? null : Date.parse(plan.done.p50),
  } as const;
}
