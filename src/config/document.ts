import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, Scalar, YAMLError, YAMLMap } from 'yaml';
import type { Fault, Path, TextPosition } from './fault.ts';

/** A fault of the YAML itself, at an offset of the file. */
export interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
  /** The value that it concerns, where that can be told. */
  readonly path?: Path;
}

/** A scalar value, and the way to it from the top. */
export interface PlacedScalar {
  readonly scalar: Scalar;
  readonly path: Path;
}

const bareTemplate = "a template that begins with {{ must stand in quotes: '{{ name }}'";

/** A pipeline file as parsed YAML, which knows where each of its values stands. */
export class PipelineDocument {
  readonly source: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  constructor(source: string) {
    this.source = source;
    this.#document = parseDocument(source, {
      lineCounter: this.#lines,
      prettyErrors: false,
      uniqueKeys: true,
      stringKeys: true,
      version: '1.2',
      merge: true,
    });
  }

  /** What YAML itself finds wrong; unknown tags, which it only warns of, count. */
  syntaxFaults(): readonly SyntaxFault[] {
    const errors = [...this.#document.errors, ...this.#document.warnings];
    const bare = errors.find(({ pos: [offset] }) => this.#isBareTemplate(offset));
    // All that YAML stumbles over behind it follows from it.
    if (bare !== undefined) return [{ offset: bare.pos[0], message: bareTemplate }];
    const faults = errors.map((error) => this.#explain(error));
    visit(this.#document, {
      Alias: (_key, alias) => {
        if (alias.resolve(this.#document) !== undefined) return;
        const message = `no anchor is named &${alias.source}; a text that begins with * must stand in quotes`;
        faults.push({ offset: alias.range?.[0] ?? 0, message });
      },
    });
    return faults;
  }

  #explain(error: YAMLError): SyntaxFault {
    const [offset] = error.pos;
    const isBareVariable = this.source.startsWith('${', offset - 1);
    const message = isBareVariable
      ? 'inside { } and [ ] a variable must stand in quotes: "${NAME}"'
      : yamlMessage(error, this.source.slice(offset));
    return { offset, message };
  }

  /** Whether a value that begins with `{{` stands on this line, which YAML reads as a map. */
  #isBareTemplate(offset: number): boolean {
    const { line } = this.position(offset);
    return /(?:^\s*(?:- )?|[{,]\s*)[\w-]+:\s+\{\{|^\s*-\s+\{\{/.test(this.source.split('\n')[line - 1] ?? '');
  }

  /** Whether the file's structure is too broken to look any further. */
  get isUnreadable(): boolean {
    return this.#document.errors.some((error) => error.code !== 'DUPLICATE_KEY');
  }

  /** The scalar values of the file, not its keys; each once, also where aliases repeat it. */
  scalars(): readonly PlacedScalar[] {
    const found: PlacedScalar[] = [];
    visit(this.#document, {
      Scalar: (key, scalar, ancestors) => {
        if (key !== 'key') found.push({ scalar, path: pathThrough([...ancestors, scalar]) });
      },
    });
    return found;
  }

  /** The file's plain data. @throws ReferenceError where aliases multiply it without measure */
  toData(): unknown {
    return this.#document.toJS({ maxAliasCount: 100 }) as unknown;
  }

  position(offset: number): TextPosition {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  /** Where a fault stands: at its value, its key, the map around it, or a place inside its text. */
  locate(fault: Fault): TextPosition {
    const at = fault.at ?? 'value';
    if (typeof at === 'object') return this.#textPosition(this.nodeAt(fault.path), at);
    const key = at === 'key' ? this.#keyAt(fault.path) : undefined;
    return this.position(start(key ?? this.#deepest(fault.path)));
  }

  /** The node at a path, aliases and merges followed; undefined where there is none. */
  nodeAt(path: Path): Node | undefined {
    let node = this.#follow(this.#document.contents);
    for (const key of path) node = node && this.#child(node, key);
    return node;
  }

  #deepest(path: Path): Node | undefined {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = this.nodeAt(path.slice(0, length));
      if (node !== undefined) return node;
    }
    return undefined;
  }

  #keyAt(path: Path): Node | undefined {
    const parent = this.nodeAt(path.slice(0, -1));
    const key = isMap(parent) ? this.#pair(parent, path.at(-1) ?? '')?.key : undefined;
    return isNode(key) ? key : undefined;
  }

  #child(node: Node, key: PropertyKey): Node | undefined {
    if (isSeq(node)) return this.#follow(node.items[Number(key)]);
    return isMap(node) ? this.#follow(this.#pair(node, key)?.value) : undefined;
  }

  #pair(map: YAMLMap, key: PropertyKey): Pair | undefined {
    const own = map.items.findLast((pair) => isNamed(pair, key));
    if (own !== undefined) return own;
    const merged = this.#follow(map.items.find((pair) => isNamed(pair, '<<'))?.value);
    const maps = isSeq(merged) ? merged.items.map((item) => this.#follow(item)) : [merged];
    return maps.filter(isMap).flatMap((each) => this.#pair(each, key) ?? [])[0];
  }

  #follow(node: unknown): Node | undefined {
    if (isAlias(node)) return node.resolve(this.#document);
    return isNode(node) ? node : undefined;
  }

  /** Exact for literal blocks and one-line scalars; of folded text the beginning, since its lines moved. */
  #textPosition(node: Node | undefined, at: TextPosition): TextPosition {
    const begin = this.position(start(node));
    if (!isScalar(node)) return begin;
    if (node.type === 'BLOCK_LITERAL') return this.#blockPosition(node, begin, at);
    if (at.line > 1 || this.source.slice(...(node.range ?? [0, 0])).includes('\n')) return begin;
    return { line: begin.line, column: begin.column + at.column - (node.type === 'PLAIN' ? 1 : 0) };
  }

  #blockPosition(node: Scalar, begin: TextPosition, at: TextPosition): TextPosition {
    const text = String(node.value).split('\n')[at.line - 1] ?? '';
    const line = this.source.split('\n')[begin.line + at.line - 1] ?? '';
    const indent = line.replace(/\r$/, '').length - text.length;
    return { line: begin.line + at.line, column: Math.max(indent, 0) + at.column };
  }
}

function isNamed(pair: Pair, name: PropertyKey): boolean {
  return isScalar(pair.key) && String(pair.key.value) === name;
}

function pathThrough(chain: readonly unknown[]): Path {
  return chain.flatMap((node, depth): Path => {
    if (isPair(node)) return isScalar(node.key) ? [String(node.key.value)] : [];
    return isSeq(node) ? [node.items.indexOf(chain[depth + 1])] : [];
  });
}

function start(node: Node | undefined): number {
  return node?.range?.[0] ?? 0;
}

function yamlMessage({ code, message }: YAMLError, text: string): string {
  if (code === 'DUPLICATE_KEY')
    return `duplicate key ${/^(?:"[^"]*"|'[^']*'|[^:\s]*)/.exec(text)?.[0] ?? ''}`;
  if (code === 'TAG_RESOLVE_FAILED') return `unknown tag ${text.split(/\s/)[0] ?? ''}`.trim();
  if (code === 'MULTIPLE_DOCS') return 'a pipeline file is one YAML document; a second one begins here';
  return `is not valid YAML: ${message.split('\n')[0] ?? message}`;
}
