import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** A fenced block of a page, its indentation taken off. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });

/** README.md and every page under docs/. */
export const pages: readonly string[] = [
  'README.md',
  ...docs
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

export function blocksOf(page: string): readonly Block[] {
  const text = readPage(page);
  return Array.from(text.matchAll(/^( *)```(\w*)\n(.*?)^ *```$/gms), (found) => {
    const [, indent = '', language = '', inner = ''] = found;
    const line = text.slice(0, found.index).split('\n').length + 1;
    return { page, line, language, text: inner.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

export function blocksIn(language: string): readonly Block[] {
  return pages.flatMap(blocksOf).filter((block) => block.language === language);
}

/** The commands of a block of `sh`, without comments, continued lines joined. */
export function commandsOf({ text }: Block): readonly string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}
