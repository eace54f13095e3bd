import type { LoadedPipeline } from '../config/load.ts';

/** What to know after a run that the emulator answered, and the way to real answers. */
export function syntheticNote(
  file: string,
  target: string,
  { isRedirected }: Pick<LoadedPipeline, 'isRedirected'>,
  set: readonly string[],
): string {
  const isOverridden = set.some((each) => each.startsWith('provider.base_url='));
  const where = isOverridden
    ? 'leave `--set provider.base_url=emulator` out'
    : `take \`base_url: emulator\` out of ${file}`;
  const end = isRedirected
    ? `and name the real target. The made-up answers stand in ${target}, which you can drop.`
    : `and run it once with --full-refresh, since the made-up answers now stand in ${target}.`;
  return [
    'The answers are synthetic: they come from the emulator on this machine, and nothing was paid.',
    `For real ones put your key into OPENAI_API_KEY, ${where},`,
    end,
  ].join('\n');
}
