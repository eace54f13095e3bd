import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { BatchRunner } from '../batch/runner.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { sendFaultyDownload } from '../faults/faulty-download.ts';
import { badRequest, notFound } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import type { FileObject, FileStore } from '../state/file-store.ts';
import { bareList, pageLimit, showPage } from './page.ts';
import { isPending } from './pending-upload.ts';
import { receiveUpload } from './upload.ts';

const longestPage = 10_000;

export function fileRoutes(files: FileStore, runner: BatchRunner, faults: FaultDesk): readonly Route[] {
  const routes = new FileRoutes(files, runner, faults);
  return [
    {
      method: 'POST',
      path: '/v1/files',
      call: 'upload',
      handle: async (exchange) => routes.upload(exchange),
    },
    { method: 'GET', path: '/v1/files', call: 'list_files', handle: (exchange) => routes.list(exchange) },
    { method: 'GET', path: '/v1/files/{id}', call: 'show_file', handle: (exchange) => routes.show(exchange) },
    {
      method: 'GET',
      path: '/v1/files/{id}/content',
      call: 'download',
      handle: async (exchange) => routes.download(exchange),
    },
    {
      method: 'GET',
      path: '/emulator/storage/{id}',
      open: true,
      handle: async (exchange) => routes.stored(exchange),
    },
    {
      method: 'DELETE',
      path: '/v1/files/{id}',
      call: 'delete_file',
      handle: async (exchange) => routes.delete(exchange),
    },
  ];
}

class FileRoutes {
  readonly #files: FileStore;
  readonly #runner: BatchRunner;
  readonly #faults: FaultDesk;

  constructor(files: FileStore, runner: BatchRunner, faults: FaultDesk) {
    this.#files = files;
    this.#runner = runner;
    this.#faults = faults;
  }

  async upload(exchange: Exchange): Promise<void> {
    const { fileLimits, manners } = this.#faults;
    const rules = { mostBytes: fileLimits.bytes, manners };
    sendJson(exchange, 200, this.#shown(await receiveUpload(exchange.request, this.#files, rules)));
  }

  list(exchange: Exchange): void {
    const { query } = exchange;
    const limit = pageLimit(query, longestPage, longestPage);
    const after = query.get('after');
    const found = this.#files.list({ after, limit: limit + 1, purpose: query.get('purpose') });
    if (found === undefined) throw badRequest(`No such File object: ${after}`, 'after', null);
    sendJson(
      exchange,
      200,
      bareList(
        this.#faults.manners,
        showPage(found, limit, (file) => this.#shown(file)),
      ),
    );
  }

  show(exchange: Exchange): void {
    sendJson(exchange, 200, this.#shown(this.#find(exchange)));
  }

  /** Streams the content from the disk; a client that leaves ends it. */
  async download(exchange: Exchange): Promise<void> {
    const file = this.#find(exchange);
    await using handle = await open(this.#files.path(file.id), 'r');
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${encodeURIComponent(file.filename)}"`,
    };
    const { response, signal, downloadFault } = exchange;
    if (downloadFault !== undefined) {
      await sendFaultyDownload(
        { id: file.id, file: handle, bytes: file.bytes, headers, response, signal },
        downloadFault,
      );
      return;
    }
    response.writeHead(200, { ...headers, 'content-length': file.bytes });
    const content = handle.createReadStream({ highWaterMark: 262_144, autoClose: false });
    await pipeline(content, response, { signal });
  }

  /** Where downloads are redirected to. A key that is sent there has been given away. */
  async stored(exchange: Exchange): Promise<void> {
    if (exchange.request.headers.authorization !== undefined)
      throw badRequest('Only one authentication mechanism is allowed.', 'authorization', null);
    await this.download(exchange);
  }

  async delete(exchange: Exchange): Promise<void> {
    const { id } = this.#find(exchange);
    this.#files.forget(id);
    if (!this.#runner.isReading(id)) await this.#files.deleteContent(id);
    sendJson(exchange, 200, { id, object: 'file', deleted: true });
  }

  #shown(file: FileObject): object {
    return isPending(this.#faults.manners, file) ? { ...file, status: 'pending' } : file;
  }

  #find(exchange: Exchange): FileObject {
    const id = param(exchange, 'id');
    const file = this.#files.get(id);
    if (file === undefined || this.#faults.isHidden(id)) throw notFound(`No such File object: ${id}`);
    return file;
  }
}
