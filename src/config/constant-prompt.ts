import { asList, asMap, type JsonMap } from '../core/json.ts';
import { checkTemplate, compileTemplate } from '../expr/template.ts';
import { valueAt, type Fault, type Path } from './fault.ts';
import { requestDraft } from './request-draft.ts';

interface Template {
  readonly path: Path;
  readonly text: string;
}

/**
 * A request in which nothing of the row stands: each row would buy the same answer again. With `dedupe` it is bought once,
 * which may be meant.
 */
export function checkConstantPrompt(data: unknown): readonly Fault[] {
  if (valueAt(data, ['request', 'dedupe']) === true) return [];
  const templates = templatesOf(data);
  const [prompt] = templates;
  if (prompt === undefined || !templates.every(({ text }) => isConstant(text))) return [];
  const message =
    'reads no field of the row, so that each row would buy the same answer; name one, as in {{ body }}, or set request.dedupe: true to buy it once';
  return [{ path: prompt.path, message }];
}

/** What is sent of a row, the part that the row should stand in first. */
function templatesOf(data: unknown): readonly Template[] {
  const request = requestDraft(data) as JsonMap;
  const keys = request['endpoint'] === 'embeddings' ? ['input'] : ['prompt', 'system'];
  const single = keys.map((key) => ({ path: ['request', key], text: request[key] }));
  const messages = asList(request['messages']).map((message, index) =>
    contents(['request', 'messages', index, 'content'], asMap(message)?.['content']),
  );
  return [...single, ...messages.toReversed().flat()].flatMap(({ path, text }) =>
    typeof text === 'string' ? [{ path, text }] : [],
  );
}

/** A message's text, or what its parts hold. */
function contents(path: Path, content: unknown): readonly { readonly path: Path; readonly text: unknown }[] {
  if (!Array.isArray(content)) return [{ path, text: content }];
  return content.flatMap((part, index) =>
    Object.entries(asMap(part) ?? {}).map(([key, text]) => ({ path: [...path, index, key], text })),
  );
}

/** A template with a fault of its syntax is told of by that. */
function isConstant(text: string): boolean {
  return checkTemplate(text).length === 0 && compileTemplate(text).fields.length === 0;
}
