import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf, isNode, pathOf, printPath } from './cel-paths.ts';

interface Replacement {
  readonly node: ASTNode;
  readonly by: (source: string) => string;
}

/**
 * CEL wants both branches of `c ? a : b` to be of one type, so that `c ? "x" : null` does not pass. Wrapping them in
 * `dyn()` is what a person would have to write. Returns undefined where the fault is another one.
 */
export function acceptMixedBranches(text: string, code: string, node: unknown): string | undefined {
  if (code !== 'incompatible_ternary_branches' || !isNode(node) || node.op !== '?:') return undefined;
  const branches = [node.args[1], node.args[2]];
  return replace(
    text,
    branches.map((branch) => ({ node: branch, by: callOf('dyn') })),
  );
}

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '<', '<=', '>', '>=']);

/**
 * Numbers that are held as text to keep their digits (`row.price`) count by their value where they are calculated
 * with or put in order; without this `row.price + row.tax` would join two texts.
 */
export function readNumericTexts(text: string, ast: ASTNode, paths: ReadonlySet<string>): string {
  return paths.size === 0 ? text : replace(text, numericOperands(ast, paths));
}

function numericOperands(node: ASTNode, paths: ReadonlySet<string>): readonly Replacement[] {
  const children = childrenOf(node);
  const operands = arithmetic.has(node.op) ? children.filter((child) => isNumericPath(child, paths)) : [];
  return [
    ...operands.map((operand) => ({ node: operand, by: callOf('number') })),
    ...children.flatMap((child) => numericOperands(child, paths)),
  ];
}

function isNumericPath(node: ASTNode, paths: ReadonlySet<string>): boolean {
  const path = pathOf(node);
  return path !== undefined && paths.has(printPath(path));
}

/** Writes variables by the names that the environment has for them. */
export function renameVariables(text: string, ast: ASTNode, names: ReadonlyMap<string, string>): string {
  return names.size === 0 ? text : replace(text, renamings(ast, names));
}

function renamings(node: ASTNode, names: ReadonlyMap<string, string>): readonly Replacement[] {
  const name = node.op === 'id' ? names.get(node.args) : undefined;
  return name === undefined
    ? childrenOf(node).flatMap((child) => renamings(child, names))
    : [{ node, by: () => name }];
}

function callOf(name: string): (source: string) => string {
  return (source) => `${name}(${source})`;
}

function replace(text: string, replacements: readonly Replacement[]): string {
  const fromTheEnd = replacements.toSorted((a, b) => b.node.start - a.node.start);
  let rewritten = text;
  for (const { node, by } of fromTheEnd) {
    const { start, end } = node;
    rewritten = `${rewritten.slice(0, start)}${by(rewritten.slice(start, end))}${rewritten.slice(end)}`;
  }
  return rewritten;
}
