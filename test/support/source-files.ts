import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseSync } from 'vite';

const root = join(import.meta.dirname, '../..');

/** A file of src/, with what it imports. */
export interface SourceFile {
  /** From src/, with forward slashes: `batch/chunker.ts`. */
  readonly path: string;
  /** The folder directly under src/, or `.` for src/ itself. */
  readonly folder: string;
  readonly lines: number;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** The file of src/ that it names, or undefined for a package. */
  readonly target: string | undefined;
  readonly line: number;
  /** Whether it takes effect when the file is loaded: neither `import type` nor `await import()`. */
  readonly eager: boolean;
}

/** Every TypeScript file of src/, parsed. */
export function readSourceFiles(): readonly SourceFile[] {
  return globSync('**/*.ts', { cwd: join(root, 'src') })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => parseSource(path, readFileSync(join(root, 'src', path), 'utf8')));
}

/** @param path where the text stands under src/ */
export function parseSource(path: string, text: string): SourceFile {
  const { program, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  const imports = [...importNodes(program)].map((node) => ({
    specifier: node.source.value,
    target: resolveInSource(path, node.source.value),
    line: text.slice(0, node.start).split('\n').length,
    eager: isEager(node),
  }));
  return { path, folder: path.includes('/') ? topFolder(path) : '.', lines: countLines(text), imports };
}

export function topFolder(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function resolveInSource(path: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(dirname(path), specifier) : undefined;
}

interface ImportNode {
  readonly type: string;
  readonly start: number;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly source: { readonly type: 'Literal'; readonly value: string };
}

const importing = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function* importNodes(node: unknown): Generator<ImportNode> {
  if (typeof node !== 'object' || node === null) return;
  if (isImportNode(node)) yield node;
  for (const child of Object.values(node)) yield* importNodes(child);
}

function isImportNode(node: object): node is ImportNode {
  if (!('type' in node) || !importing.has(String(node.type)) || !('source' in node)) return false;
  return typeof node.source === 'object' && node.source !== null && 'value' in node.source;
}

function isEager(node: ImportNode): boolean {
  const isStatic = node.type !== 'ImportExpression' && node.type !== 'TSImportType';
  return isStatic && node.importKind !== 'type' && node.exportKind !== 'type';
}
