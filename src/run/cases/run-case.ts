import { dialectOf } from '../../config/dialect-of.ts';
import type { Fault } from '../../config/fault.ts';
import type { LoadedPipeline } from '../../config/load.ts';
import { nearestName } from '../../core/did-you-mean.ts';
import { asList, isMap, type JsonMap } from '../../core/json.ts';
import { fromWire } from '../../core/wire-text.ts';
import type { TrialParts } from '../../job/trial-parts.ts';
import { judgeAnswer, type Judged } from '../trial/judge-answer.ts';
import { readTrial, type TrialRequest } from '../trial/trial-rows.ts';
import { differences, plain, type Difference } from './differences.ts';
import { responseOf } from './given-answer.ts';
import type { PlacedCase } from './load-case-file.ts';

const usualNow = '2000-01-01T00:00:00.000Z';

/** What became of a row. */
interface Fate {
  readonly stage: string;
  readonly code: string;
  readonly message: string;
}

/** What became of a case's rows, by their keys. */
interface Outcome {
  readonly filtered: Set<string>;
  readonly requests: Map<string, TrialRequest>;
  /** Rows whose request another row asks already. */
  readonly leaders: Map<string, string>;
  readonly loaded: Map<string, JsonMap>;
  readonly failed: Map<string, Fate>;
}

export interface CaseResult {
  readonly differences: readonly Difference[];
  /** What the test file says of rows that there are not. */
  readonly faults: readonly Fault[];
}

/** Takes a case's rows and answers the way that a run takes, and compares what comes of them with what is expected. */
export async function runCase(
  loaded: LoadedPipeline,
  parts: TrialParts,
  test: PlacedCase,
  signal: AbortSignal,
): Promise<CaseResult> {
  const outcome = await outcomeOf(loaded, parts, test, signal);
  const faults = strangers(test, outcome);
  if (faults.length > 0) return { faults, differences: [] };
  return {
    faults,
    differences: [
      ...filteredOnes(test, outcome),
      ...askedOnes(test, outcome, parts),
      ...loadedOnes(test, outcome),
      ...failedOnes(test, outcome),
    ],
  };
}

async function outcomeOf(
  loaded: LoadedPipeline,
  parts: TrialParts,
  test: PlacedCase,
  signal: AbortSignal,
): Promise<Outcome> {
  const { request } = loaded.pipeline;
  const outcome: Outcome = {
    filtered: new Set(),
    requests: new Map(),
    leaders: new Map(),
    loaded: new Map(),
    failed: new Map(),
  };
  const byHash = new Map<string, string>();
  for await (const rows of readTrial({ loaded, parts, signal, atOnce: Infinity })) {
    for (const key of rows.filtered) outcome.filtered.add(key);
    for (const { key, failure } of rows.failures) outcome.failed.set(key, failure);
    for (const each of rows.requests) {
      outcome.requests.set(each.key, each);
      const leader = byHash.get(each.requestHash);
      if (request.dedupe && leader !== undefined) outcome.leaders.set(each.key, leader);
      else byHash.set(each.requestHash, each.key);
    }
  }
  for (const [key, asked] of outcome.requests) {
    const answered = outcome.leaders.get(key) ?? key;
    if (test.answers === undefined || !Object.hasOwn(test.answers, answered)) continue;
    const response = responseOf(dialectOf(loaded.pipeline), request, test.answers[answered]);
    const line = Buffer.from(parts.requestLines.answered(asked.line, response));
    take(outcome, key, judgeAnswer(parts, asked, line, test.now ?? usualNow));
  }
  return outcome;
}

function take(outcome: Outcome, key: string, judged: Judged): void {
  if ('code' in judged) {
    outcome.failed.set(key, judged);
    return;
  }
  const columns = Object.entries(judged.values).map(([name, value]) => [name, plain(value)] as const);
  outcome.loaded.set(key, Object.fromEntries(columns));
}

function strangers(test: PlacedCase, { filtered, requests, failed }: Outcome): readonly Fault[] {
  const known = [...new Set([...filtered, ...requests.keys(), ...failed.keys()])];
  const isKnown = new Set(known);
  const sections = ['requests', 'answers', 'loaded', 'failed'] as const;
  const message = `no row has this key; there are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', ...' : ''}`;
  const named = sections.flatMap((section) =>
    Object.keys(test[section] ?? {}).map((key) => ({ path: [section, key] as (string | number)[], key })),
  );
  const listed = asList(test.filtered).map((key, index) => ({ path: ['filtered', index], key: String(key) }));
  return [...named, ...listed]
    .filter(({ key }) => !isKnown.has(key))
    .map(({ path, key }) => ({
      path: [...test.path, ...path],
      message,
      suggestion: nearestName(key, known),
      at: path[0] === 'filtered' ? 'value' : 'key',
    }));
}

function filteredOnes({ filtered: expected }: PlacedCase, { filtered }: Outcome): readonly Difference[] {
  return (expected ?? []).flatMap((key, index) =>
    filtered.has(String(key)) ? [] : [wrong(['filtered', index], `row ${key} was not filtered`)],
  );
}

function askedOnes(test: PlacedCase, outcome: Outcome, { requestLines }: TrialParts): readonly Difference[] {
  return Object.entries(test.requests ?? {}).flatMap(([key, expected]) => {
    const asked = outcome.requests.get(key);
    const path = ['requests', key];
    if (asked === undefined) return [wrong(path, whyNot(key, outcome, 'no request was made of it'))];
    const leader = outcome.leaders.get(key);
    if (leader !== undefined)
      return [wrong(path, `nothing is sent for it: it shares the request of ${leader}`)];
    const body = JSON.parse(fromWire(requestLines.bodyOf(asked.line))) as JsonMap;
    const isSearch = Object.keys(expected).every((name) => name === 'contains' || name === 'lacks');
    return isSearch ? searched(expected, body, path) : differences(expected, body, path);
  });
}

function searched(expected: JsonMap, body: JsonMap, path: readonly string[]): readonly Difference[] {
  const texts = textsOf(body);
  const has = (text: string): boolean => texts.some((each) => each.includes(text));
  const listed = (name: string): readonly string[] => [expected[name] ?? []].flat().map(String);
  return [
    ...listed('contains')
      .filter((text) => !has(text))
      .map((text) => ({
        path: [...path, 'contains'],
        message: 'does not stand in the request',
        expected: text,
        actual: texts.join('\n'),
      })),
    ...listed('lacks')
      .filter(has)
      .map((text) => wrong([...path, 'lacks'], `stands in the request: ${text}`)),
  ];
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return isMap(value) ? Object.values(value).flatMap(textsOf) : [];
}

function loadedOnes(test: PlacedCase, outcome: Outcome): readonly Difference[] {
  return Object.entries(test.loaded ?? {}).flatMap(([key, expected]) => {
    const row = outcome.loaded.get(key);
    const path = ['loaded', key];
    // Where it fails unexpectedly, that is told once.
    if (row === undefined && outcome.failed.has(key) && test.failed?.[key] === undefined) return [];
    if (row === undefined) return [wrong(path, whyNot(key, outcome, 'no answer is given for it'))];
    return Object.entries(expected).flatMap(([column, value]) => {
      if (Object.hasOwn(row, column)) return differences(value, row[column], [...path, column]);
      const near = nearestName(column, Object.keys(row));
      const hint = near === undefined ? '' : `  (did you mean ${near}?)`;
      return [wrong([...path, column], `the sink has no such column${hint}`)];
    });
  });
}

function failedOnes(test: PlacedCase, outcome: Outcome): readonly Difference[] {
  const expected = test.failed ?? {};
  const missing = Object.entries(expected).flatMap(([key, given]) => {
    const fate = outcome.failed.get(key);
    const path = ['failed', key];
    if (fate === undefined)
      return [
        wrong(
          path,
          outcome.loaded.has(key) ? 'it was loaded' : whyNot(key, outcome, 'no answer is given for it'),
        ),
      ];
    const { code, stage, message } = typeof given === 'string' ? { code: given } : given;
    return [
      ...(code === undefined ? [] : differences(code, fate.code, path)),
      ...(stage === undefined ? [] : differences(stage, fate.stage, [...path, 'stage'])),
      ...(message === undefined || fate.message.includes(message)
        ? []
        : differences(message, fate.message, [...path, 'message'])),
    ];
  });
  const unexpected = [...outcome.failed].flatMap(([key, fate]) =>
    Object.hasOwn(expected, key)
      ? []
      : [wrong(['failed', key], `it failed (${fate.stage}, ${fate.code}): ${fate.message}`)],
  );
  return [...missing, ...unexpected];
}

function whyNot(key: string, { filtered, failed }: Outcome, otherwise: string): string {
  if (filtered.has(key)) return 'it was filtered';
  const fate = failed.get(key);
  return fate === undefined ? otherwise : `it failed (${fate.stage}, ${fate.code}): ${fate.message}`;
}

function wrong(path: readonly (string | number)[], message: string): Difference {
  return { path, message };
}
