import { loadPipeline } from '../config/load.ts';
import { checkBudget } from '../cost/budget-check.ts';
import { fileFields } from '../job/file-fields.ts';
import type { CommandContext, Main } from './context.ts';
import { sayWarning } from './log-line.ts';
import { reportError } from './report-error.ts';

/** `pipeline validate FILE...`: every fault of every file. */
export const main: Main = async (files, options, context) => {
  let code = 0;
  for (const file of files) code = Math.max(code, await validate(file, options, context));
  return code;
};

async function validate(
  file: string,
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<number> {
  try {
    const loaded = await loadPipeline(file, {
      env: context.env,
      envFile: options['envFile'] as string | undefined,
      set: options['set'] as readonly string[] | undefined,
      redactor: context.redactor,
      learn: (data, baseDir) => fileFields(data, baseDir, context.signals.abort),
    });
    await checkBudget(loaded);
    for (const each of loaded.warnings) sayWarning(each, options, context);
    context.print(`${file}: ok`);
    return 0;
  } catch (error) {
    return reportError(error, context, options);
  }
}
