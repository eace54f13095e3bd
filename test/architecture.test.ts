import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseSource, readSourceFiles, topFolder, type SourceFile } from './support/source-files.ts';

const kinds = ['sources', 'transforms', 'providers', 'sinks'];
const registries = kinds.map((kind) => `${kind}/index.ts`);

const belowRun = [
  [
    'core',
    'files',
    'expr',
    'pg',
    'duckdb',
    'config',
    'cost',
    'forecast',
    'sources',
    'transforms',
    'request',
    'job',
    'read',
    'batch',
    'plan',
  ],
  ['send', 'results', 'load', 'sinks', 'providers', 'ledger', 'emulator'],
].flat();

/** What the ledger says of itself, and what it decides without I/O; not how it is kept. */
const ledgerInterface = readSourceFiles()
  .map(({ path }) => path)
  .filter((path) => /^ledger\/[^/]+\.ts$/.test(path) && path !== 'ledger/open.ts');

/**
 * Who may import whom: a folder of src/, and what its files may import beside their own folder. An entry that names
 * a file, or a folder within one, allows that alone.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  files: ['core'],
  expr: ['core'],
  pg: ['core', 'files'],
  duckdb: ['core', 'files'],
  sources: ['core', 'files', 'pg', 'duckdb'],
  sinks: ['core', 'files', 'pg', 'duckdb'],
  transforms: ['core', 'expr'],
  request: ['core', 'expr'],
  results: ['core', 'expr'],
  providers: ['core', 'files'],
  ledger: ['core', 'files'],
  config: ['core', 'expr', ...registries],
  cost: ['core', 'config', ...registries],
  forecast: ['core', 'config', ...registries, ...ledgerInterface],
  batch: ['core', 'files', 'request', 'results', 'cost', ...ledgerInterface],
  // The emulator speaks OpenAI's words, of which the rules for strict schemas and the models' dimensions stand once.
  emulator: ['core', 'files', 'providers/openai/dialect'],
  job: [
    ['core', 'files', 'config', 'cost', 'request', 'results', 'emulator', ...registries, ...ledgerInterface],
  ].flat(),
  read: ['core', 'files', 'config', 'request', 'batch', 'job', ...ledgerInterface],
  send: ['core', 'files', 'cost', 'forecast', 'batch', 'request', 'job', ...ledgerInterface],
  load: ['core', 'files', 'config', 'cost', 'request', 'batch', 'results', 'job', ...ledgerInterface],
  plan: ['core', 'expr', 'config', 'cost', 'request', 'job', 'send/gate.ts', ...ledgerInterface],
  run: belowRun,
  doctor: [
    ['core', 'files', 'pg', 'config', 'job', 'ledger', 'providers/http/dispatcher.ts', ...registries],
  ].flat(),
  // It looks for a table's keys as the source does.
  init: ['core', 'files', 'pg', 'config', 'sources/postgres/relation.ts', ...registries],
  // The commands' page is made from the table that also makes their help.
  reference: ['core', 'config', ...registries, 'cli/command-spec.ts', 'cli/commands.ts'],
  // The package's door offers what the folders below the command line hold.
  '.': ['core', 'config', 'run', ...registries],
};

/** The command line may import everything; nothing imports it. */
const unrestricted = 'cli';

const files = readSourceFiles();

function mayImport(file: SourceFile, target: string): boolean {
  const folder = topFolder(target);
  if (file.folder === unrestricted || file.folder === folder) return true;
  return (
    allowed[file.folder]?.some(
      (entry) => entry === folder || entry === target || target.startsWith(`${entry}/`),
    ) ?? false
  );
}

function forbiddenImports(sources: readonly SourceFile[]): string[] {
  return sources.flatMap((file) =>
    file.imports
      .filter(({ target }) => target !== undefined && !mayImport(file, target))
      .map(({ line, specifier }) => `src/${file.path}:${line} imports ${specifier}`),
  );
}

describe('imports', () => {
  test('follow the table of folders', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(forbiddenImports(files)).toEqual([]);
  });

  test('the table has a row for every folder', () => {
    const folders = new Set(files.map((file) => file.folder));
    const rows = new Set([...Object.keys(allowed), unrestricted]);
    expect(folders.difference(rows)).toEqual(new Set());
    expect(rows.difference(folders)).toEqual(new Set());
  });

  test('stay inside src/', () => {
    const leaving = files.flatMap((file) =>
      file.imports
        .filter(({ target }) => target?.startsWith('../'))
        .map(({ line }) => `${file.path}:${line}`),
    );
    expect(leaving).toEqual([]);
  });

  test('form no cycle between folders', () => {
    expect(folderCycles(files)).toEqual([]);
  });

  test.each(kinds)('no component of %s imports another', (kind) => {
    expect(componentsThatMeet(kind)).toEqual([]);
  });
});

describe('the reader of imports', () => {
  const text = [
    `import type { A } from '../ledger/ledger.ts';`,
    `import {`,
    `  b,`,
    `} from '../pg/connect.ts';`,
    `export * from '../cli/main.ts';`,
    `type D = import('../run/run.ts').Run;`,
    `const e = await import('../emulator/server.ts');`,
    `const text = "import('../cli/main.ts')"; // import '../cli/main.ts'`,
  ].join('\n');

  test('finds every form of import, and its line', () => {
    const offending = forbiddenImports([parseSource('core/example.ts', text)]);
    expect(offending).toEqual([
      'src/core/example.ts:1 imports ../ledger/ledger.ts',
      'src/core/example.ts:2 imports ../pg/connect.ts',
      'src/core/example.ts:5 imports ../cli/main.ts',
      'src/core/example.ts:6 imports ../run/run.ts',
      'src/core/example.ts:7 imports ../emulator/server.ts',
    ]);
  });

  test('tells what is loaded at once from types and from what is loaded later', () => {
    const eager = parseSource('core/example.ts', text).imports.filter((found) => found.eager);
    expect(eager.map(({ target }) => target)).toEqual(['pg/connect.ts', 'cli/main.ts']);
  });
});

describe('files', () => {
  test('are at most 300 lines long', () => {
    const long = files.filter((file) => file.lines > 300);
    expect(long.map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
  });

  test('are named in kebab case after what they hold', () => {
    const catchAll = /^(?:utils?|misc|helpers?|types|common)\.ts$/;
    const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*\.ts$/;
    const misnamed = files.filter(({ path }) => catchAll.test(basename(path)) || !kebab.test(basename(path)));
    expect(misnamed.map((file) => file.path)).toEqual([]);
  });
});

describe('the start of the command line', () => {
  const heavy = [
    '@duckdb/node-api',
    'ajv',
    'ajv-formats',
    'csv-parse',
    'gpt-tokenizer',
    'liquidjs',
    'openai',
    'pg',
    'stream-json',
  ];

  test('loads no heavy package', () => {
    // main.ts checks Node's version before it loads anything else.
    const found = eagerClosure('cli/command-line.ts').flatMap((file) =>
      file.imports
        .filter(({ eager, specifier }) => eager && heavy.includes(packageName(specifier)))
        .map(({ line, specifier }) => `src/${file.path}:${line} imports ${specifier}`),
    );
    expect(found).toEqual([]);
  });
});

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The components of a kind whose own files reach another component or the registry. */
function componentsThatMeet(kind: string): string[] {
  const registry = `${kind}/index.ts`;
  const components = targetsWithin(registry, kind);
  return components.flatMap((component) =>
    reachableWithin(component, kind)
      .filter((path) => path === registry || components.includes(path))
      .map((path) => `src/${component} reaches src/${path}`),
  );
}

function targetsWithin(path: string, kind: string): string[] {
  const imports = files.find((file) => file.path === path)?.imports ?? [];
  return imports.flatMap(({ target }) => (target?.startsWith(`${kind}/`) === true ? [target] : []));
}

function reachableWithin(start: string, kind: string): string[] {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    for (const target of targetsWithin(path, kind)) {
      if (reached.has(target)) continue;
      reached.add(target);
      visit(target);
    }
  };
  visit(start);
  reached.delete(start);
  return [...reached];
}

function eagerClosure(start: string): readonly SourceFile[] {
  const reached = new Map<string, SourceFile>();
  const visit = (path: string): void => {
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined || reached.has(path)) return;
    reached.set(path, file);
    for (const { eager, target } of file.imports) if (eager && target !== undefined) visit(target);
  };
  visit(start);
  return [...reached.values()];
}

function folderCycles(sources: readonly SourceFile[]): string[] {
  const edges = new Map<string, Set<string>>();
  for (const file of sources) {
    const targets = edges.get(file.folder) ?? new Set();
    edges.set(file.folder, targets);
    for (const { target } of file.imports) if (target !== undefined) targets.add(topFolder(target));
    targets.delete(file.folder);
  }
  const cycles: string[] = [];
  const visit = (folder: string, way: readonly string[]): void => {
    const at = way.indexOf(folder);
    if (at !== -1) cycles.push([...way.slice(at), folder].join(' -> '));
    else for (const next of edges.get(folder) ?? []) visit(next, [...way, folder]);
  };
  for (const folder of edges.keys()) visit(folder, []);
  return cycles;
}
