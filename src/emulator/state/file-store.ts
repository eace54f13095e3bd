import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { nowSeconds } from './ids.ts';

/** A file as the API shows it. */
export interface FileObject {
  readonly id: string;
  readonly object: 'file';
  readonly bytes: number;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly filename: string;
  readonly purpose: string;
  readonly status: 'processed';
  readonly status_details: null;
}

export type NewFile = Pick<FileObject, 'id' | 'filename' | 'purpose' | 'bytes'> & {
  readonly lifetimeSeconds: number | null;
};

/** Files: what is known of them in the database, what is in them on disk under their ids. */
export class FileStore {
  readonly #folder: string;
  readonly #insert: StatementSync;
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #seq: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteExpired: StatementSync;

  constructor(database: DatabaseSync, folder: string) {
    this.#folder = folder;
    this.#insert = database.prepare(
      'INSERT INTO files (id, filename, purpose, bytes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#get = database.prepare('SELECT * FROM files WHERE id = ?');
    this.#seq = database.prepare('SELECT seq FROM files WHERE id = ?');
    this.#list = database.prepare(
      `SELECT * FROM files WHERE (?1 IS NULL OR seq < ?1) AND (?2 IS NULL OR purpose = ?2)
       AND (expires_at IS NULL OR expires_at > ?3) AND substr(id, 1, length(?5)) = ?5 ORDER BY seq DESC LIMIT ?4`,
    );
    this.#delete = database.prepare('DELETE FROM files WHERE id = ?');
    this.#deleteExpired = database.prepare('DELETE FROM files WHERE expires_at <= ? RETURNING id');
  }

  /** Where a file's content is. Content without a record is not a file yet, or no longer. */
  path(id: string): string {
    return join(this.#folder, id);
  }

  /** Where content is collected before its file exists. */
  temporaryPath(id: string): string {
    return `${this.path(id)}.part`;
  }

  /** Makes a file of what was collected at its temporary path. */
  async add(file: NewFile): Promise<FileObject> {
    await rename(this.temporaryPath(file.id), this.path(file.id));
    const now = nowSeconds();
    const expires = file.lifetimeSeconds === null ? null : now + file.lifetimeSeconds;
    this.#insert.run(file.id, file.filename, file.purpose, file.bytes, now, expires);
    return show({ ...file, created_at: now, expires_at: expires });
  }

  /** Makes content of what was collected at its temporary path, without a record: no listing shows it. */
  async keep(id: string): Promise<void> {
    await rename(this.temporaryPath(id), this.path(id));
  }

  get(id: string): FileObject | undefined {
    const row = this.#get.get(id) as FileRow | undefined;
    if (row === undefined) return undefined;
    return row.expires_at !== null && row.expires_at <= nowSeconds() ? undefined : show(row);
  }

  /** Newest first, those before `after`; undefined where `after` names no file. */
  list(page: FilePage): readonly FileObject[] | undefined {
    let before: number | null = null;
    if (page.after !== null) {
      const row = this.#seq.get(page.after);
      if (row === undefined) return undefined;
      before = Number(row['seq']);
    }
    const rows = this.#list.all(before, page.purpose, nowSeconds(), page.limit, page.prefix);
    return (rows as unknown as FileRow[]).map(show);
  }

  forget(id: string): boolean {
    return this.#delete.run(id).changes > 0;
  }

  /**
   * Removes what has expired and what an earlier process had not finished receiving or writing.
   *
   * @param needed ids of files whose content stays also when they have expired
   */
  async sweep(needed: ReadonlySet<string>): Promise<void> {
    const expired = this.#deleteExpired.all(nowSeconds());
    const left = (await readdir(this.#folder)).filter((name) => name.endsWith('.part'));
    for (const row of expired) {
      const id = String(row['id']);
      if (!needed.has(id)) await this.deleteContent(id);
    }
    for (const name of left) await rm(join(this.#folder, name), { force: true });
  }

  async deleteContent(id: string): Promise<void> {
    await rm(this.path(id), { force: true });
  }
}

export interface FilePage {
  /** How the ids of the API begin whose files are meant. */
  readonly prefix: string;
  readonly after: string | null;
  readonly limit: number;
  readonly purpose: string | null;
}

type FileRow = Pick<FileObject, 'id' | 'filename' | 'purpose' | 'bytes' | 'created_at' | 'expires_at'>;

function show(row: FileRow): FileObject {
  return {
    id: row.id,
    object: 'file',
    bytes: row.bytes,
    created_at: row.created_at,
    expires_at: row.expires_at,
    filename: row.filename,
    purpose: row.purpose,
    status: 'processed',
    status_details: null,
  };
}
