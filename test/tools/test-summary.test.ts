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

function summarize(failedChecks: number, ...reports: readonly object[]) {
  const paths = reports.map((report, index) => {
    const path = join(folder, `report-${index}.json`);
    writeFileSync(path, JSON.stringify(report));
    return path;
  });
  return run(String(failedChecks), ...paths);
}

function run(...args: readonly string[]) {
  const { stdout, status } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { line: stdout, code: status };
}

test('says how many passed', () => {
  const report = { success: true, numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
  expect(summarize(0, report)).toEqual({ line: '7 passed, 0 failed\n', code: 0 });
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
  expect(summarize(0, report)).toEqual({ line: '1 passed, 1 failed\n', code: 1 });
});

test('counts checks that failed beside the tests', () => {
  const report = { success: true, numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
  expect(summarize(2, report)).toEqual({ line: '7 passed, 2 failed\n', code: 1 });
});

test('adds reports up', () => {
  const green = { success: true, numPassedTests: 7, numFailedTests: 0, testResults: [passed] };
  const red = { success: false, numPassedTests: 1, numFailedTests: 1, testResults: [passed, failed] };
  expect(summarize(1, green, red, green)).toEqual({ line: '15 passed, 2 failed\n', code: 1 });
});

test('takes a missing report for a failure', () => {
  expect(run('0', join(folder, 'missing.json'))).toEqual({ line: '0 passed, 1 failed\n', code: 1 });
});
