import type { ASTNode } from '@marcbachmann/cel-js';

/** A variable and the members that are read below it: `row.subject` is `['row', 'subject']`. */
export type Path = readonly string[];

/** The path that an expression is, where it is nothing more than one. */
export function pathOf(node: ASTNode): Path | undefined {
  if (node.op === 'id') return [node.args];
  const member = memberOf(node);
  if (member === undefined) return undefined;
  const parent = pathOf(member.parent);
  return parent === undefined ? undefined : [...parent, member.name];
}

function memberOf(node: ASTNode): { readonly parent: ASTNode; readonly name: string } | undefined {
  if (node.op === '.') return { parent: node.args[0], name: node.args[1] };
  if (node.op !== '[]') return undefined;
  const [parent, index] = node.args;
  return index.op === 'value' && typeof index.args === 'string' ? { parent, name: index.args } : undefined;
}

/**
 * The path of `has(path) ? path : null`, the guard that error messages advise; a read of a property serves it too.
 */
export function guardedPathOf(node: ASTNode): Path | undefined {
  if (node.op !== '?:') return undefined;
  const [condition, then, otherwise] = node.args;
  const path = pathOf(then);
  if (path === undefined || otherwise.op !== 'value' || otherwise.args !== null) return undefined;
  return testedPath(condition)?.join('\0') === path.join('\0') ? path : undefined;
}

/** The path that `has(a.b)` or `"b" in a` asks for. */
function testedPath(node: ASTNode): Path | undefined {
  if (node.op === 'call') {
    const [name, [tested]] = node.args;
    return name === 'has' && tested !== undefined ? pathOf(tested) : undefined;
  }
  if (node.op !== 'in') return undefined;
  const [key, container] = node.args;
  const parent = pathOf(container);
  if (parent === undefined || key.op !== 'value' || typeof key.args !== 'string') return undefined;
  return [...parent, key.args];
}

/** Every path that an expression reads, the longest form of each occurrence. */
export function pathsIn(node: ASTNode): readonly Path[] {
  const path = pathOf(node);
  return path === undefined ? childrenOf(node).flatMap(pathsIn) : [path];
}

/** Every name that stands for a variable, those of macros included. */
export function identifiersIn(node: ASTNode): readonly string[] {
  return node.op === 'id' ? [node.args] : childrenOf(node).flatMap(identifiersIn);
}

/** The expressions directly inside another. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  return nodesIn(node.args);
}

function nodesIn(argument: unknown): readonly ASTNode[] {
  if (Array.isArray(argument)) return argument.flatMap(nodesIn);
  return isNode(argument) ? [argument] : [];
}

/** Whether a place that an error names is an expression. */
export function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

// https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
const reserved: ReadonlySet<string> = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while __proto__ prototype'
  ).split(' '),
);

/** Whether a member's name can stand after a dot. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name);
}

/** A path as it is written in an expression. */
export function printPath(path: Path): string {
  return path.reduce((text, name) =>
    isIdentifier(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`,
  );
}
