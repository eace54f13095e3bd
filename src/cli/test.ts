import type { Difference } from '../run/cases/differences.ts';
import { testPipeline, type TestResult } from '../run/cases/test-pipeline.ts';
import type { CommandContext, Main } from './context.ts';
import { withProgress } from './pipeline-command.ts';
import { differenceLines } from './render/difference.ts';
import { counted } from './render/words.ts';
import { errorJson, reportError, shownCause } from './report-error.ts';

/** `pipeline test FILE...`: runs the test file beside each pipeline file. */
export const main: Main = async (files, options, context) => {
  let code = 0;
  const printed: object[] = [];
  for (const file of files) {
    try {
      const result = await testOne(file, options, context);
      const isGood = result.cases.every(({ differences }) => differences.length === 0);
      code = Math.max(code, isGood ? 0 : 1);
      if (options['json'] === true) printed.push(toJson(result));
      else report(result, context);
    } catch (error) {
      context.signals.drain.throwIfAborted();
      printed.push({ file, error: errorJson(shownCause(error, context)) });
      code = Math.max(code, reportError(error, context, options));
    }
  }
  if (options['json'] === true) context.print(JSON.stringify(printed));
  return code;
};

async function testOne(
  file: string,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<TestResult> {
  return withProgress(options, context, (host) =>
    testPipeline(
      file,
      {
        env: context.env,
        envFile: options['envFile'] as string | undefined,
        set: options['set'] as readonly string[] | undefined,
        target: options['target'] as string | undefined,
        redactor: context.redactor,
      },
      host,
    ),
  );
}

function report({ file, cases }: TestResult, context: CommandContext): void {
  const failed = cases.filter(({ differences }) => differences.length > 0);
  for (const { name, differences } of failed) {
    const title = name === null ? '' : ` of case ${JSON.stringify(name)}`;
    context.print(`${counted(differences.length, 'difference')}${title}:`);
    for (const each of differences) {
      const said = each.message === null ? '' : `  ${each.message}`;
      context.print(`${each.where}  ${each.path.join('.')}${said}`);
      for (const line of differenceLines(each)) context.print(`  ${line}`);
    }
  }
  const good = cases.length - failed.length;
  context.print(
    `${file}: ${failed.length === 0 ? 'ok' : 'failed'}, ${good} of ${counted(cases.length, 'case')}`,
  );
}

function toJson({ file, cases }: TestResult): object {
  return {
    file,
    ok: cases.every(({ differences }) => differences.length === 0),
    cases: cases.map(({ name, differences }) => ({
      name,
      ok: differences.length === 0,
      differences: differences.map((each) => ({ ...shown(each), where: each.where })),
    })),
  };
}

function shown({ path, message, expected, actual }: Difference): object {
  return { path: path.join('.'), message, expected: expected ?? null, actual: actual ?? null };
}
