import { declarationOf } from '../config/blocks.ts';
import { providers } from '../providers/index.ts';

/** What of a loaded pipeline the note is about. */
interface NotedPipeline {
  readonly isRedirected: boolean;
  readonly pipeline: { readonly provider: { readonly type: string } };
}

/** What to know after a run that the emulator answered, and the way to real answers. */
export function syntheticNote(
  file: string,
  target: string,
  { isRedirected, pipeline }: NotedPipeline,
  set: readonly string[],
): string {
  const { keyVariable } = declarationOf(providers, pipeline.provider);
  const isOverridden = set.some((each) => each.startsWith('provider.base_url='));
  const where = isOverridden
    ? 'leave `--set provider.base_url=emulator` out'
    : `take \`base_url: emulator\` out of ${file}`;
  const end = isRedirected
    ? `and name the real target. The made-up answers stand in ${target}, which you can drop.`
    : `and run it once with --full-refresh, since the made-up answers now stand in ${target}.`;
  return [
    'The answers are synthetic: they come from the emulator on this machine, and nothing was paid.',
    `For real ones put your key into ${keyVariable}, ${where},`,
    end,
  ].join('\n');
}
