import type { BatchRunner } from '../batch/runner.ts';
import type { FaultDesk } from '../faults/fault-desk.ts';
import { badRequest, notFound } from '../http/api-error.ts';
import { param, sendJson, type Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import type { FileObject, FileStore } from '../state/file-store.ts';
import { bareList, pageLimit, showPage } from './page.ts';
import { isPending } from './pending-upload.ts';
import { sendFile } from './send-file.ts';
import { fileIds, receiveUpload } from './upload.ts';

const longestPage = 10_000;
const keyHeaders = ['authorization', 'x-api-key', 'x-goog-api-key'];

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
    const found = this.#files.list({
      prefix: fileIds,
      after,
      limit: limit + 1,
      purpose: query.get('purpose'),
    });
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

  /** @param prefix of the ids that are served; by default those of OpenAI's files */
  async download(exchange: Exchange, prefix = fileIds): Promise<void> {
    const file = this.#find(exchange, prefix);
    await sendFile(exchange, this.#files.path(file.id), file, {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${encodeURIComponent(file.filename)}"`,
    });
  }

  /** Where downloads are redirected to, of whichever API. A key that is sent there has been given away. */
  async stored(exchange: Exchange): Promise<void> {
    const { headers } = exchange.request;
    if (keyHeaders.some((name) => headers[name] !== undefined))
      throw badRequest('Only one authentication mechanism is allowed.', 'authorization', null);
    await this.download(exchange, '');
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

  #find(exchange: Exchange, prefix = fileIds): FileObject {
    const id = param(exchange, 'id');
    const file = id.startsWith(prefix) ? this.#files.get(id) : undefined;
    if (file === undefined || this.#faults.isHidden(id)) throw notFound(`No such File object: ${id}`);
    return file;
  }
}
