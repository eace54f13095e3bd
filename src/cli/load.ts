import { loadBuild } from '../run/load-build.ts';
import type { CommandContext } from './context.ts';
import { loadFor, withProgress } from './pipeline-command.ts';
import { summaryText } from './summary-text.ts';

/** `pipeline load FILE --results PATH...`: loads results that were made elsewhere. */
export async function main(
  [file = '']: string[],
  options: Record<string, unknown>,
  context: CommandContext,
): Promise<number> {
  const loaded = await loadFor(file, options, context);
  const flags = {
    build: options['build'] as string | undefined,
    results: options['results'] as readonly string[],
    final: options['final'] === true,
  };
  const { summary, exitCode } = await withProgress(options, context, (host) =>
    loadBuild(loaded, flags, host),
  );
  if (options['json'] === true) context.print(JSON.stringify(summary));
  else if (options['quiet'] !== true) context.print(summaryText(summary));
  if (exitCode === 3 && options['json'] !== true) {
    context.print(
      `${summary.rows.pending} rows wait for a result; load more, or pass --final to give them up.`,
    );
  }
  return exitCode;
}
