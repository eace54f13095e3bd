import type { Middleware } from '../support/proxy.ts';
import { failedWith, rewriteResults, type ResultLine, type Rewrite } from '../support/result-rewriter.ts';

export function rewriting(rewrite: Rewrite): (target: string) => Middleware {
  return (target) => rewriteResults(target, rewrite);
}

export const serverError = { code: 'server_error', message: 'The server had an error.' };

export const contentPolicy = { code: 'content_policy_violation', message: 'This is "not" allowed.' };

export const row5Fails: Rewrite = (lines) => ({
  output: lines.filter((line) => line.custom_id !== '5'),
  errors: lines.filter((line) => line.custom_id === '5').map((line) => failedWith(line, 400, contentPolicy)),
});

export function spoil(line: ResultLine): ResultLine {
  const text = JSON.stringify(line).replace(/"content":"(?:[^"\\]|\\.)*"/, '"content":"no JSON"');
  return JSON.parse(text) as ResultLine;
}
