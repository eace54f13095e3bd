import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { providers } from '../../src/providers/index.ts';

const folder = join(import.meta.dirname, '../../docs/providers');

/** An example of docs/providers: a pipeline file, or the part of one that is about its provider. */
export interface PageExample {
  readonly page: string;
  readonly text: string;
  readonly blocks: Readonly<Record<string, unknown>> & { readonly provider: { readonly type: string } };
}

/** What the blocks of YAML hold, but for those that begin by saying that they are another program's. */
export function pageExamples(): readonly PageExample[] {
  return readdirSync(folder).flatMap((page) =>
    fencedBlocks(page, 'yaml')
      .filter((text) => !text.startsWith('# config.yaml'))
      .map((text) => ({ page, text, blocks: parse(text) as PageExample['blocks'] }))
      .filter(({ blocks }) => providers.some(({ name }) => name === blocks.provider.type)),
  );
}

/** The blocks of a page that are marked as being in a language. */
export function fencedBlocks(page: string, language: string): readonly string[] {
  const text = readFileSync(join(folder, page), 'utf8');
  const found = text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'));
  return Array.from(found, ([, block]) => block ?? '');
}

/** Variables that the examples name. */
export const pageVariables = Object.fromEntries(
  pageExamples().flatMap(({ text }) =>
    Array.from(text.matchAll(/\$\{(\w+)\}/g), ([, name = '']) => [name, 'test-key-1234']),
  ),
);
