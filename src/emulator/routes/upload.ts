import { open, rm, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { idOf, refuseFields, type ServerManners } from '../faults/server-manners.ts';
import { ApiError, badRequest, invalidValue, missingParameter } from '../http/api-error.ts';
import { multipartBoundary, parseMultipart } from '../http/multipart.ts';
import type { FileObject, FileStore } from '../state/file-store.ts';

/** How the ids of OpenAI's files begin. */
export const fileIds = 'file-';

/** The limit of a batch input file. The API says "200 MB" and not which; the smaller reading refuses too much, never too little. */
const mostFileBytes = 200_000_000;
const mostFieldBytes = 512;
const shortestLifetime = 3600;
const longestLifetime = 2_592_000;

/** What a server takes other than OpenAI does. */
export interface UploadRules {
  readonly mostBytes?: number | undefined;
  readonly manners?: ServerManners | null;
}

/** Stores an upload as it arrives. @throws ApiError 400 where the form is not one that the API takes */
export async function receiveUpload(
  request: IncomingMessage,
  files: FileStore,
  { mostBytes = Infinity, manners = null }: UploadRules = {},
): Promise<FileObject> {
  const boundary = multipartBoundary(request.headers['content-type']);
  const id = idOf(manners, fileIds);
  const path = files.temporaryPath(id);
  try {
    const form = await readForm(request, boundary, path);
    if (manners !== null) refuseFields(manners, Array.from(form.fields.keys(), nameOf));
    if (form.fileBytes > mostBytes)
      throw new ApiError(413, `The file is too large: at most ${mostBytes} bytes.`);
    const filename = checkFile(form);
    checkPurpose(form.fields.get('purpose'));
    const lifetimeSeconds = lifetime(form.fields);
    return await files.add({ id, filename, purpose: 'batch', bytes: form.fileBytes, lifetimeSeconds });
  } finally {
    await rm(path, { force: true });
  }
}

/** `expires_after` of `expires_after[anchor]`. */
function nameOf(field: string): string {
  return field.replace(/\[.*/, '');
}

interface Form {
  readonly fields: Map<string, string>;
  filename: string | null;
  hasFile: boolean;
  fileBytes: number;
}

/** Reads the form to its end also where it is refused for its size, so that the client hears the answer. */
async function readForm(request: IncomingMessage, boundary: string, path: string): Promise<Form> {
  const form: Form = { fields: new Map(), filename: null, hasFile: false, fileBytes: 0 };
  await using content = await open(path, 'w', 0o600);
  let part: Part | null = null;
  for await (const event of parseMultipart(request as AsyncIterable<Buffer>, boundary)) {
    if (event.type === 'part') part = beginPart(form, event.name, event.filename);
    else if (event.type === 'data') await takeData(form, part, event.bytes, content);
    else if (part?.isFile === false) form.fields.set(part.name, part.text);
  }
  return form;
}

interface Part {
  readonly name: string;
  readonly isFile: boolean;
  text: string;
}

function beginPart(form: Form, name: string, filename: string | null): Part {
  const isFile = name === 'file';
  if (isFile && form.hasFile) throw badRequest("The form has more than one 'file'.", 'file', null);
  if (isFile) {
    form.hasFile = true;
    form.filename = filename;
  }
  return { name, isFile, text: '' };
}

async function takeData(form: Form, part: Part | null, bytes: Buffer, content: FileHandle): Promise<void> {
  if (part === null) return;
  if (part.isFile) {
    form.fileBytes += bytes.length;
    if (form.fileBytes <= mostFileBytes) await content.writeFile(bytes);
    return;
  }
  part.text += bytes.toString('utf8');
  if (part.text.length > mostFieldBytes) {
    throw badRequest(`The form's field is longer than ${mostFieldBytes} bytes.`, part.name, null);
  }
}

/** @returns the file's name */
function checkFile(form: Form): string {
  if (!form.hasFile) throw missingParameter('file');
  if (form.fileBytes > mostFileBytes) throw badRequest('File is too large.', 'file', null);
  if (form.filename === null || !form.filename.endsWith('.jsonl')) {
    throw badRequest('Invalid file format for Batch API. Must be .jsonl', 'file', 'invalid_file_format');
  }
  return form.filename;
}

function checkPurpose(purpose: string | undefined): void {
  if (purpose === undefined) throw missingParameter('purpose');
  if (purpose !== 'batch') throw invalidValue('purpose', purpose, "'batch'");
}

function lifetime(fields: ReadonlyMap<string, string>): number | null {
  const anchor = fields.get('expires_after[anchor]');
  const seconds = fields.get('expires_after[seconds]');
  if (anchor === undefined && seconds === undefined) return longestLifetime;
  return checkLifetime('expires_after', anchor, seconds === undefined ? undefined : Number(seconds));
}

/** Seconds that a file lives after its creation. @throws ApiError 400 */
export function checkLifetime(name: string, anchor: unknown, seconds: unknown): number {
  if (anchor === undefined) throw missingParameter(`${name}.anchor`);
  if (anchor !== 'created_at') throw invalidValue(`${name}.anchor`, anchor, "'created_at'");
  if (seconds === undefined) throw missingParameter(`${name}.seconds`);
  if (
    typeof seconds !== 'number' ||
    !Number.isInteger(seconds) ||
    seconds < shortestLifetime ||
    seconds > longestLifetime
  ) {
    throw badSeconds(`${name}.seconds`);
  }
  return seconds;
}

function badSeconds(param: string): ApiError {
  const message = `Invalid '${param}': expected an integer from ${shortestLifetime} to ${longestLifetime}.`;
  return badRequest(message, param, 'invalid_value');
}
