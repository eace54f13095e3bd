import { jsonResponse, type Middleware, type ProxiedResponse } from './proxy.ts';

/** A line of a result file, as the provider writes it. */
export interface ResultLine {
  readonly custom_id: string;
  readonly response: { readonly status_code: number; readonly body: unknown } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The content of a batch's two result files; null where the batch is to have no such file. */
export interface ResultLines {
  readonly output: readonly (ResultLine | string)[] | null;
  readonly errors: readonly (ResultLine | string)[] | null;
  /** What the batch claims, where it is not what the files hold. */
  readonly counts?: Counts | null;
}

interface Counts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

/**
 * Says what the results of an ended batch are to be.
 *
 * @param batch which of the batches that were looked at after their end, from 1
 */
export type Rewrite = (lines: readonly ResultLine[], batch: number) => ResultLines;

interface BatchObject {
  readonly status: string;
  readonly output_file_id: string | null;
  readonly error_file_id: string | null;
}

/** Makes up other result files for the batches of the server behind, each with a file object of the right size. */
export function rewriteResults(target: string, rewrite: Rewrite): Middleware {
  const files = new Map<string, Buffer>();
  const batches = new Map<string, BatchObject>();

  const keep = (lines: ResultLines['output']): string | null => {
    if (lines === null) return null;
    const id = `file-rewritten-${files.size + 1}`;
    const texts = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    files.set(id, Buffer.from(texts.map((text) => `${text}\n`).join('')));
    return id;
  };

  const rewriteBatch = async (path: string, batch: BatchObject): Promise<BatchObject> => {
    const known = batches.get(path);
    if (known !== undefined) return known;
    const { output, errors, counts } = rewrite(await linesOf(target, batch.output_file_id), batches.size + 1);
    const rewritten = {
      ...batch,
      output_file_id: keep(output),
      error_file_id: keep(errors),
      // Rows that stand in no file must not be claimed to be answered, and paid for.
      request_counts: counts ?? countLines(output, errors),
    };
    batches.set(path, rewritten);
    return rewritten;
  };

  return async ({ method, path }, forward) => {
    const file = /^\/files\/(file-rewritten-\d+)(\/content)?$/.exec(path);
    if (file !== null) return fileResponse(file[1] ?? '', files, file[2] !== undefined);
    const response = await forward();
    if (method !== 'GET' || !/^\/batches\/[^/]+$/.test(path)) return response;
    const batch = JSON.parse(response.body.toString()) as BatchObject;
    return batch.status === 'completed' ? jsonResponse(200, await rewriteBatch(path, batch)) : response;
  };
}

function countLines(output: ResultLines['output'], errors: ResultLines['errors']): Counts {
  const [completed, failed] = [output?.length ?? 0, errors?.length ?? 0];
  return { total: completed + failed, completed, failed };
}

async function linesOf(target: string, fileId: string | null): Promise<readonly ResultLine[]> {
  if (fileId === null) return [];
  const response = await fetch(`${target}/files/${fileId}/content`, {
    headers: { authorization: 'Bearer test-key' },
  });
  const text = await response.text();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResultLine);
}

function fileResponse(
  id: string,
  files: ReadonlyMap<string, Buffer>,
  wantsContent: boolean,
): ProxiedResponse {
  const body = files.get(id) ?? Buffer.alloc(0);
  if (wantsContent) return { status: 200, contentType: 'application/octet-stream', body };
  return jsonResponse(200, { id, object: 'file', bytes: body.length, purpose: 'batch_output' });
}

/** The line of a request that the provider answered with an error. */
export function failedWith(
  line: ResultLine,
  status: number,
  error: { readonly code: string; readonly message: string },
): ResultLine {
  return { ...line, response: { status_code: status, body: { error } }, error: null };
}

/** The line of a request that its batch's end came before. */
export function neverRan(line: ResultLine, code: string): ResultLine {
  return { ...line, response: null, error: { code, message: `This request was not executed: ${code}.` } };
}
