import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { pages, readPage, root } from './page-blocks.ts';

const linking = [...pages, 'CONTRIBUTING.md', 'ARCHITECTURE.md'];

/** What a heading is called in an address. */
function anchorsOf(page: string): readonly string[] {
  const headings = readPage(page).matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** Whether a file is there, and the heading in it. */
function leads(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  return existsSync(join(root, file)) && (anchor === undefined || anchorsOf(file).includes(anchor));
}

test.each(linking)('every link of %s leads somewhere', (page) => {
  const text = readPage(page).replaceAll(/^ *```.*?^ *```$/gms, '');
  const targets = Array.from(
    text.matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g),
    ([, link, image]) => link ?? image ?? '',
  );
  expect(targets.filter((target) => !/^[a-z]+:/.test(target) && !leads(page, target))).toEqual([]);
});

test('every page is in the index', () => {
  const index = readPage('docs/README.md');
  const missing = pages.filter((page) => {
    const name = page.replace('docs/', '');
    const isListedElsewhere = name.startsWith('reference/') || name.startsWith('providers/');
    return (
      page.startsWith('docs/') && name !== 'README.md' && !isListedElsewhere && !index.includes(`(${name}`)
    );
  });
  expect(missing).toEqual([]);
});
