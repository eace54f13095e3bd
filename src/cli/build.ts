import { relative } from 'node:path';
import { buildPipeline } from '../run/build/build.ts';
import type { Main } from './context.ts';
import { loadFor, requestFlags, withProgress } from './pipeline-command.ts';

/** `pipeline build FILE --out DIR`: writes the batch files and stops. */
export const main: Main = async ([file = ''], options, context) => {
  const loaded = await loadFor(file, options, context);
  const out = String(options['out']);
  const { summary, folder, files } = await withProgress(options, context, (host) =>
    buildPipeline(loaded, out, requestFlags(options), host),
  );
  const { rows } = summary;
  context.print(`${rows.requested} requests of ${rows.read} rows in ${files.length} files in ${folder}`);
  for (const path of files) context.print(`  ${relative(context.cwd, path)}`);
  if (rows.failed > 0) context.print(`${rows.failed} rows failed: pipeline errors ${summary.run_id}`);
  if (files.length > 0) {
    context.print(`Send them, then: pipeline load ${file} --build ${out} --results RESULTS`);
  }
  return 0;
};
