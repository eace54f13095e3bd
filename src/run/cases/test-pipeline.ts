import { loadPipeline, type LoadedPipeline, type LoadOptions } from '../../config/load.ts';
import type { Path } from '../../config/fault.ts';
import type { Host } from '../../core/host.ts';
import { sourceKeyNames } from '../../job/key-names.ts';
import { openProvider } from '../../job/open-parts.ts';
import { prepareTrial } from '../../job/trial-parts.ts';
import type { Difference } from './differences.ts';
import { sourceOfRows } from './given-rows.ts';
import { caseFileOf, loadCaseFile, type PlacedCase } from './load-case-file.ts';
import { runCase } from './run-case.ts';

/** A case that was run, with where it differs and where that stands in the test file. */
export interface TestedCase {
  readonly name: string | null;
  readonly differences: readonly (Difference & { readonly where: string })[];
}

export interface TestResult {
  /** The test file. */
  readonly file: string;
  readonly cases: readonly TestedCase[];
}

/** Blocks of which a test reaches nothing, so that it needs none of their variables. */
const unreached: ReadonlySet<PropertyKey | undefined> = new Set([
  'source',
  'provider',
  'sink',
  'notify',
  'runs_table',
  'state',
]);

/** What stands for their variables; an address as good as any. */
const standIn = (path: Path): string | undefined =>
  unreached.has(path[0] === 'targets' ? path[2] : path[0]) ? 'https://unset.invalid/' : undefined;

/**
 * Runs the test file that lies beside a pipeline file: no network, no database, no key, no state.
 *
 * @throws ConfigError where either file is wrong
 */
export async function testPipeline(path: string, options: LoadOptions, host: Host): Promise<TestResult> {
  const files = caseFileOf(path);
  const { file, cases, placeOf, problems } = await loadCaseFile(files.cases);
  const loaded = await loadPipeline(files.pipeline, {
    ...options,
    env: { ...options.env, ...file.env },
    target: options.target ?? file.target,
    standIn,
  });
  const results: TestedCase[] = [];
  for (const each of cases) {
    const { differences, faults } = await runOne(loaded, each, placeOf, host);
    if (faults.length > 0) throw problems(faults);
    results.push({
      name: each.name,
      differences: differences.map((one) => ({ ...one, where: placeOf([...each.path, ...one.path]) })),
    });
  }
  return { file: files.cases, cases: results };
}

async function runOne(loaded: LoadedPipeline, test: PlacedCase, placeOf: (path: Path) => string, host: Host) {
  const source = sourceOfRows(test.rows, {
    keyNames: sourceKeyNames(loaded.pipeline),
    isText: loaded.pipeline.source.type === 'csv',
    place: (row) => placeOf([...test.rowsPath, row]),
  });
  await using use = await openProvider(loaded, host, true);
  const parts = await prepareTrial(loaded, source, use.provider);
  return runCase(loaded, parts, test, host.signals.drain);
}
