import { checkEveryTarget } from '../config/every-target.ts';
import { fileFields } from '../job/file-fields.ts';
import type { CommandContext, Main } from './context.ts';
import { sayWarning } from './log-line.ts';
import { reportError } from './report-error.ts';

/** `pipeline validate FILE...`: every fault of every file, with each of its targets. */
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
    const warnings = await checkEveryTarget(file, {
      env: context.env,
      envFile: options['envFile'] as string | undefined,
      set: options['set'] as readonly string[] | undefined,
      target: options['target'] as string | undefined,
      redactor: context.redactor,
      learn: (data, baseDir) => fileFields(data, baseDir, context.signals.abort),
    });
    for (const each of warnings) sayWarning(each, options, context);
    context.print(`${file}: ok`);
    return 0;
  } catch (error) {
    return reportError(error, context, options);
  }
}
