/**
 * Prints the last line of a check, `N passed, N failed`, from the reports of vitest's JSON reporter.
 *
 *     node tools/test-summary.ts FAILED_CHECKS REPORT...
 *
 * Each check that failed beside the tests (types, lint, ...) counts as one more failure. A test file that could not be
 * loaded, a report that says `success: false` without naming a test, and a report that was never written are failures.
 * Ends with 1 where anything failed.
 */
import { existsSync, readFileSync } from 'node:fs';

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

function countFailures(report: Report): number {
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  return Math.max(report.numFailedTests + unloaded.length, report.success ? 0 : 1);
}

function readReport(path: string): { readonly passed: number; readonly failed: number } {
  if (!existsSync(path)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return { passed: report.numPassedTests, failed: countFailures(report) };
}

const [failedChecks = '', ...paths] = process.argv.slice(2);
const reports = paths.map(readReport);
const passed = reports.reduce((sum, report) => sum + report.passed, 0);
const failed = reports.reduce((sum, report) => sum + report.failed, Number(failedChecks));
process.exitCode = failed > 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed`);
