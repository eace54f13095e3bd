import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf, isNode, pathOf, printPath } from './cel-paths.ts';

interface Wrapping {
  readonly node: ASTNode;
  readonly call: string;
}

/**
 * CEL wants both branches of `c ? a : b` to be of one type, so that `c ? "x" : null` does not pass. Wrapping them in
 * `dyn()` is what a person would have to write. Returns undefined where the fault is another one.
 */
export function acceptMixedBranches(text: string, code: string, node: unknown): string | undefined {
  if (code !== 'incompatible_ternary_branches' || !isNode(node) || node.op !== '?:') return undefined;
  const branches = [node.args[1], node.args[2]];
  return wrap(
    text,
    branches.map((branch) => ({ node: branch, call: 'dyn' })),
  );
}

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '<', '<=', '>', '>=']);

/**
 * Numbers that are held as text to keep their digits (`row.price`) count by their value where they are calculated
 * with or put in order; without this `row.price + row.tax` would join two texts.
 */
export function readNumericTexts(text: string, ast: ASTNode, paths: ReadonlySet<string>): string {
  return paths.size === 0 ? text : wrap(text, numericOperands(ast, paths));
}

function numericOperands(node: ASTNode, paths: ReadonlySet<string>): readonly Wrapping[] {
  const children = childrenOf(node);
  const operands = arithmetic.has(node.op) ? children.filter((child) => isNumericPath(child, paths)) : [];
  return [
    ...operands.map((operand) => ({ node: operand, call: 'number' })),
    ...children.flatMap((child) => numericOperands(child, paths)),
  ];
}

function isNumericPath(node: ASTNode, paths: ReadonlySet<string>): boolean {
  const path = pathOf(node);
  return path !== undefined && paths.has(printPath(path));
}

function wrap(text: string, wrappings: readonly Wrapping[]): string {
  const fromTheEnd = wrappings.toSorted((a, b) => b.node.start - a.node.start);
  let rewritten = text;
  for (const { node, call } of fromTheEnd)
    rewritten = `${rewritten.slice(0, node.start)}${call}(${rewritten.slice(node.start, node.end)})${rewritten.slice(node.end)}`;
  return rewritten;
}
