import type { BatchRunner } from '../batch/runner.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { ApiError } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import { readJsonBody } from '../http/json-body.ts';
import type { Route } from '../http/router.ts';
import { sendFile } from '../routes/send-file.ts';
import { asText, isMap, type JsonMap } from '../../core/json.ts';
import type { FileObject, FileStore } from '../state/file-store.ts';
import { invalid } from './errors.ts';
import { field } from './fields.ts';
import { fileIdOf, fileIds, fileNameOf, longestName } from './file-names.ts';
import { pageOf } from './page.ts';
import { ResumableUploads, type Upload } from './resumable-uploads.ts';

export interface GeminiFileServices {
  readonly files: FileStore;
  readonly runner: BatchRunner;
  readonly faults: FaultDesk;
}

export function geminiFileRoutes(services: GeminiFileServices): readonly Route[] {
  const routes = new GeminiFileRoutes(services);
  const root = '/v1beta/files';
  const upload = '/upload/v1beta/files';
  const download = async (exchange: Exchange): Promise<void> => routes.download(exchange);
  return [
    {
      method: 'POST',
      path: upload,
      call: 'start_upload',
      handle: async (exchange) => routes.startUpload(exchange),
    },
    // Whoever knows the address of an upload may go on with it.
    ...['POST', 'PUT'].map((method) => ({
      method,
      path: `${upload}/{id}`,
      open: true as const,
      call: 'upload' as const,
      handle: async (exchange: Exchange) => routes.upload(exchange),
    })),
    { method: 'GET', path: root, call: 'list_files', handle: (exchange) => routes.list(exchange) },
    { method: 'GET', path: `${root}/{id}:download`, call: 'download', handle: download },
    { method: 'GET', path: `/download${root}/{id}:download`, call: 'download', handle: download },
    { method: 'GET', path: `${root}/{id}`, call: 'show_file', handle: (exchange) => routes.show(exchange) },
    {
      method: 'DELETE',
      path: `${root}/{id}`,
      call: 'delete_file',
      handle: async (exchange) => routes.delete(exchange),
    },
  ];
}

class GeminiFileRoutes {
  readonly #services: GeminiFileServices;
  readonly #uploads: ResumableUploads;

  constructor(services: GeminiFileServices) {
    this.#services = services;
    this.#uploads = new ResumableUploads(services.files);
  }

  async startUpload(exchange: Exchange): Promise<void> {
    const { headers } = exchange.request;
    if (headers['x-goog-upload-protocol'] !== 'resumable' || !commandsOf(exchange).has('start'))
      throw invalid('The emulator takes resumable uploads only: X-Goog-Upload-Protocol: resumable.');
    const { file } = await readJsonBody(exchange.request);
    const described = isMap(file) ? file : {};
    const length = headers['x-goog-upload-header-content-length'];
    const bytes = length === undefined ? null : Number(length);
    const most = this.#services.faults.fileLimits.bytes ?? Infinity;
    if ((bytes ?? 0) > most) throw invalid(`The file is too large: at most ${most} bytes.`);
    const upload = await this.#uploads.begin({
      displayName: asText(field(described, 'displayName')) ?? '',
      mimeType: String(headers['x-goog-upload-header-content-type'] ?? 'application/octet-stream'),
      bytes,
    });
    const { response, request } = exchange;
    response.setHeader(
      'x-goog-upload-url',
      `http://${request.headers.host}/upload/v1beta/files/${upload.id}`,
    );
    response.setHeader('x-goog-upload-chunk-granularity', 262_144);
    tell(exchange, upload);
    sendJson(exchange, 200, {});
  }

  async upload(exchange: Exchange): Promise<void> {
    const upload = this.#uploads.find(param(exchange, 'id'));
    const commands = commandsOf(exchange);
    const offset = Number(exchange.request.headers['x-goog-upload-offset'] ?? upload.received);
    if (commands.has('upload')) await this.#uploads.add(upload, offset, exchange.request);
    if (commands.has('finalize')) await this.#uploads.finish(upload);
    tell(exchange, upload);
    sendJson(exchange, 200, upload.file === null ? {} : { file: showFile(upload.file, exchange) });
  }

  list(exchange: Exchange): void {
    const { files } = this.#services;
    const { size, token } = pageOf(exchange.query, 10, 100);
    const found = files.list({ prefix: fileIds, after: token, limit: size + 1, purpose: null });
    if (found === undefined) throw invalid('The page token is invalid.');
    const shown = found.slice(0, size);
    sendJson(exchange, 200, {
      files: shown.map((file) => showFile(file, exchange)),
      ...(found.length > size ? { nextPageToken: shown.at(-1)?.id } : {}),
    });
  }

  show(exchange: Exchange): void {
    const name = param(exchange, 'id');
    if (name.length > longestName)
      throw invalid(
        `* GetFileRequest.name: must be \`files/\` and at most ${longestName} lowercase letters, digits or dashes.`,
      );
    sendJson(exchange, 200, showFile(this.#find(exchange), exchange));
  }

  async download(exchange: Exchange): Promise<void> {
    if (exchange.query.get('alt') !== 'media') throw invalid('Downloads are asked for with alt=media.');
    const file = this.#find(exchange);
    await sendFile(exchange, this.#services.files.path(file.id), file, {
      'content-type': 'application/octet-stream',
    });
  }

  async delete(exchange: Exchange): Promise<void> {
    const { files, runner } = this.#services;
    const { id } = this.#find(exchange);
    files.forget(id);
    if (!runner.isReading(id)) await files.deleteContent(id);
    sendJson(exchange, 200, {});
  }

  #find(exchange: Exchange): FileObject {
    const name = param(exchange, 'id');
    const id = fileIdOf(name);
    const file = this.#services.files.get(id);
    if (file !== undefined && !this.#services.faults.isHidden(id)) return file;
    throw new ApiError(403, `You do not have permission to access the File ${name} or it may not exist.`);
  }
}

function commandsOf({ request }: Exchange): ReadonlySet<string> {
  const commands = String(request.headers['x-goog-upload-command'] ?? '');
  return new Set(commands.split(',').map((command) => command.trim()));
}

function tell({ response }: Exchange, upload: Upload): void {
  response.setHeader('x-goog-upload-status', upload.file === null ? 'active' : 'final');
  response.setHeader('x-goog-upload-size-received', upload.received);
}

function showFile(file: FileObject, { request }: Exchange): JsonMap {
  const name = fileNameOf(file.id);
  return {
    name,
    ...(file.filename === '' ? {} : { displayName: file.filename }),
    mimeType: file.purpose,
    sizeBytes: String(file.bytes),
    createTime: time(file.created_at),
    updateTime: time(file.created_at),
    ...(file.expires_at === null ? {} : { expirationTime: time(file.expires_at) }),
    uri: `http://${request.headers.host}/v1beta/${name}`,
    state: 'ACTIVE',
    source: 'UPLOADED',
  };
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
