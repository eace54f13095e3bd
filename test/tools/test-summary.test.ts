import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const script = join(import.meta.dirname, '../../tools/test-summary.ts');
const folder = mkdtempSync(join(tmpdir(), 'batchline-summary-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const passed = { status: 'passed', assertionResults: [{ status: 'passed' }] };
const failed = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] };
const unloaded = { status: 'failed', assertionResults: [] };

function summarize(report: object, ...failedChecks: readonly string[]) {
  const path = join(folder, 'report.json');
  writeFileSync(path, JSON.stringify(report));
  return run(path, ...failedChecks);
}

function run(...args: readonly string[]) {
  const { stdout, status } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { line: stdout, code: status };
}

test('says how many passed', () => {
  const report = { success: true, numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
  expect(summarize(report)).toEqual({ line: '7 passed, 0 failed\n', code: 0 });
});

test.each([
  ['failed tests', { success: false, numPassedTests: 1, numFailedTests: 1, testResults: [passed, failed] }],
  [
    'a file that did not load',
    { success: false, numPassedTests: 1, numFailedTests: 0, testResults: [unloaded] },
  ],
  [
    'an error outside of tests',
    { success: false, numPassedTests: 1, numFailedTests: 0, testResults: [passed] },
  ],
])('counts %s', (_, report) => {
  expect(summarize(report)).toEqual({ line: '1 passed, 1 failed\n', code: 1 });
});

test('counts checks that failed beside the tests', () => {
  const report = { success: true, numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
  expect(summarize(report, '2')).toEqual({ line: '7 passed, 2 failed\n', code: 1 });
});

test('takes a missing report for a failure', () => {
  expect(run(join(folder, 'missing.json'))).toEqual({ line: '0 passed, 1 failed\n', code: 1 });
});
