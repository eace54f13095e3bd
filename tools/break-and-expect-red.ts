/**
 * Proves that the recovery tests see what they are there to see: breaks one line of the program at a time, in a copy of
 * the tree, and expects the tests to fail; unbroken, they must pass.
 *
 *     npm run test:breakages [-- BREAKAGE...]
 *
 * BREAKAGE is the beginning of a name. Prints a table; ends with 1 where a breakage went unseen.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Breakage {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** A pattern of the names of the tests that must see it; by default those of `run`. */
  readonly tests?: string;
}

interface Verdict {
  readonly name: string;
  readonly expected: 'red' | 'green';
  readonly got: 'red' | 'green' | 'unknown';
  /** The first test that failed, or why nothing is known. */
  readonly because: string;
  readonly details: string;
  readonly seconds: number;
}

interface TestResult {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly TestResult[];
  }[];
}

const longestDetails = 1000;
const root = join(import.meta.dirname, '..');
const suites = ['test/recovery/lying-provider.deep.test.ts', 'test/recovery/boundaries.deep.test.ts'];
/** Of these, the tests that a breakage of `run` must turn red. */
const testsOfRun = 'a provider that|run_upsert|run_insert';

const breakages: readonly Breakage[] = [
  {
    name: 'never adopt an orphan',
    file: 'src/send/batched/settle.ts',
    find: 'if (found.mine !== null) {',
    replace: 'if (found.mine !== null && false) {',
  },
  {
    name: 'SDK retries on for create',
    file: 'src/providers/http/api-calls.ts',
    find: 'signal, maxRetries: 0 }',
    replace: 'signal, maxRetries: 2 }',
  },
  {
    name: 'no intent before create',
    file: 'src/ledger/sqlite/room.ts',
    find: 'intend(database, asked, wanted);',
    replace: '',
  },
  {
    name: 'look once and do not settle',
    file: 'src/send/batched/settle.ts',
    find: 'if (secondLookAt === null && !isFinal(unsettled, memory)) {',
    replace: 'if (secondLookAt === null && false) {',
  },
  {
    name: 'resume forgets which rows are sealed',
    file: 'src/read/read-run.ts',
    find: 'cursor: before?.readCursor ?? null',
    replace: 'cursor: null',
  },
  {
    name: 'no size check of downloads',
    file: 'src/providers/http/file-sizes.ts',
    find: '|| bytes === expected) return;',
    replace: '|| bytes > -1) return;',
  },
  {
    name: 'a file that lacks rows passes for whole',
    file: 'src/load/fill-target.ts',
    find: 'if (await prepared.sink.holds(rows.ok, run.runId)) return rows;',
    replace: 'return rows;',
    tests: 'retry_csv_finished',
  },
  {
    name: 'an answer is loaded twice into another table',
    file: 'src/load/reload.ts',
    find: "return which === 'all' ?",
    replace: "return which !== 'failed' && false ?",
    tests: 'load_run_insert',
  },
  {
    name: 'a request goes out without a note of it',
    file: 'src/send/direct/asked-lines.ts',
    find: 'this.#write(this.#log, `+${line}\\n`);',
    replace: '',
    tests: 'run_standard',
  },
];

/** A copy of the tree as it is, uncommitted changes included. */
async function copyTree(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-broken-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  const files = listed.split('\0').filter((file) => file !== '' && file !== 'node_modules');
  for (const file of files) await cp(join(root, file), join(folder, file));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function breakLine(folder: string, { name, file, find, replace }: Breakage): Promise<void> {
  const text = await readFile(join(folder, file), 'utf8');
  const [before, after, ...more] = text.split(find);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`"${name}" does not fit ${file} any more; correct what it looks for.`);
  await writeFile(join(folder, file), before + replace + after);
}

async function runTests(folder: string, tests: string): Promise<Report> {
  const report = join(folder, 'report.json');
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const flags = ['-t', tests, '--bail=1', '--reporter=json', `--outputFile=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', ...suites, ...flags], {
    cwd: folder,
    stdio: 'ignore',
  });
  await once(child, 'exit');
  return JSON.parse(await readFile(report, 'utf8')) as Report;
}

function judge(report: Report): Pick<Verdict, 'got' | 'because' | 'details'> {
  const tests = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status !== 'pending' && status !== 'skipped');
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed !== undefined) {
    const details = failed.failureMessages.join('\n').slice(0, longestDetails);
    return { got: 'red', because: failed.fullName, details };
  }
  if (report.numPassedTests > 0 && tests.every(({ status }) => status === 'passed'))
    return { got: 'green', because: `${report.numPassedTests} passed`, details: '' };
  return { got: 'unknown', because: 'the tests did not load', details: '' };
}

/** A pattern of the names of the tests that are to see some breakages. */
function testsOf(some: readonly Breakage[]): string {
  return [...new Set(some.map(({ tests }) => tests ?? testsOfRun))].join('|');
}

async function tryOut(breakage: Breakage | null): Promise<Verdict> {
  const startedAt = Date.now();
  const folder = await copyTree();
  try {
    if (breakage !== null) await breakLine(folder, breakage);
    const judged = judge(await runTests(folder, testsOf(breakage === null ? chosen : [breakage])));
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const expected = breakage === null ? 'green' : 'red';
    return { name: breakage?.name ?? '(nothing broken)', expected, ...judged, seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const asked = process.argv.slice(2);
const chosen = breakages.filter(
  ({ name }) => asked.length === 0 || asked.some((beginning) => name.startsWith(beginning)),
);
const verdicts: Verdict[] = [];
for (const breakage of [null, ...chosen]) {
  const verdict = await tryOut(breakage);
  console.error(`${verdict.name}: ${verdict.got}, ${verdict.seconds} s\n${verdict.details}\n`);
  verdicts.push(verdict);
}
console.table(verdicts, ['name', 'expected', 'got', 'because', 'seconds']);
if (verdicts.some(({ expected, got }) => expected !== got)) process.exitCode = 1;
