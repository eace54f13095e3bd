import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLimits } from './limits-table.ts';
import { generatedFiles } from './pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const pagesFolder = 'docs/reference';
/** Its pages are written by hand, but for the limits that they state. */
const filledFolder = 'docs/providers';

/** What would change: a text to write, or null for a page that nothing generates any more. */
async function findChanges(): Promise<ReadonlyMap<string, string | null>> {
  const changes = new Map<string, string | null>();
  const files = generatedFiles();
  for (const [path, text] of files) {
    const present = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (present !== text) changes.set(path, text);
  }
  const pages = await readdir(join(root, pagesFolder)).catch(() => []);
  for (const page of pages) {
    const path = `${pagesFolder}/${page}`;
    if (!files.has(path)) changes.set(path, null);
  }
  for (const page of await readdir(join(root, filledFolder))) {
    const present = await readFile(join(root, filledFolder, page), 'utf8');
    const filled = withLimits(present);
    if (filled !== present) changes.set(`${filledFolder}/${page}`, filled);
  }
  return changes;
}

async function apply(changes: ReadonlyMap<string, string | null>): Promise<void> {
  for (const [path, text] of changes) {
    const file = join(root, path);
    if (text === null) {
      await rm(file);
      continue;
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

const isCheck = process.argv.includes('--check');
const changes = await findChanges();
for (const [path, text] of changes) {
  process.stdout.write(
    `${path}: ${isCheck ? 'differs from' : 'follows'} the declarations${text === null ? ' (removed)' : ''}\n`,
  );
}
if (!isCheck) await apply(changes);
else if (changes.size > 0) {
  process.stdout.write('run: npm run generate\n');
  process.exitCode = 1;
}
