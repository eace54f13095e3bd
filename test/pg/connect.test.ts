import { execFileSync } from 'node:child_process';
import { appendFile, chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connect } from '../../src/pg/connect.ts';
import { startEmbedded, type EmbeddedServer } from '../../src/pg/embedded.ts';

const options = { stateDir: '/nowhere', role: 'source', signal: new AbortController().signal } as const;

async function failure(url: string): Promise<unknown> {
  try {
    await using connection = await connect(url, options);
    return connection.where;
  } catch (error) {
    return error;
  }
}

describe('what cannot be reached', () => {
  test('no server', async () => {
    expect(await failure('postgres://ann:hunter22@127.0.0.1:1/db')).toMatchObject({
      code: 'database_unreachable',
      retryable: true,
      where: '127.0.0.1:1/db',
    });
  });

  test('no such host', async () => {
    expect(await failure('postgres://ann:hunter22@no-such-host.invalid/db')).toMatchObject({
      message: expect.stringContaining('no-such-host.invalid'),
      code: expect.stringMatching(/unknown_host/),
    });
  });

  test('a server that says nothing is left after the time in the URL', async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    try {
      const started = performance.now();
      const error = await failure(`postgres://ann@127.0.0.1:${port}/db?sslmode=disable&connect_timeout=1`);
      expect(error).toMatchObject({ code: 'database_unreachable', retryable: true });
      expect(performance.now() - started).toBeLessThan(10_000);
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('stopped by the user')), 100);
      const url = `postgres://ann@127.0.0.1:${port}/db?sslmode=disable`;
      await expect(connect(url, { ...options, signal: abort.signal })).rejects.toThrow('stopped by the user');
    } finally {
      mute.close();
    }
  });

  test('no such database', async () => {
    const url = new URL(inject('testDatabaseUrl'));
    url.pathname = '/no_such_database';
    expect(await failure(url.href)).toMatchObject({ code: 'unknown_database', retryable: false });
  });
});

describe('a server with passwords and TLS', () => {
  let stateDir: string;
  let server: EmbeddedServer;
  let address: string;

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'batchline-connect-'));
    await chmod(stateDir, 0o755);
    server = await startEmbedded(stateDir, { durable: false });
    address = new URL(server.url).host;
    await using connection = await connect(server.url, options);
    const { client } = connection;
    await client.query("CREATE ROLE bob LOGIN PASSWORD 'right:pass'");
    await makeCertificate(stateDir);
    await client.query('ALTER SYSTEM SET ssl = on');
    const hba = join(stateDir, 'postgres', 'pg_hba.conf');
    const rest = await readFile(hba, 'utf8');
    await writeFile(hba, `host all bob 127.0.0.1/32 scram-sha-256\nhostnossl all eve 127.0.0.1/32 trust\n`);
    await client.query('CREATE ROLE eve LOGIN');
    await appendFile(hba, `hostssl all eve 127.0.0.1/32 reject\n${rest}`);
    await client.query('SELECT pg_reload_conf()');
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  });

  test('takes the right password, and refuses a wrong one without showing it', async () => {
    expect(await failure(`postgres://bob:right%3Apass@${address}/batchline`)).toBe(`${address}/batchline`);
    const error = await failure(`postgres://bob:hunter22@${address}/batchline`);
    expect(error).toMatchObject({
      code: 'login_failed',
      retryable: false,
      hint: expect.stringMatching(/password/),
    });
    expect(String(error)).not.toContain('hunter22');
    expect(await failure(`postgres://bob@${address}/batchline`)).toMatchObject({ code: 'login_failed' });
  });

  test('finds the password in the password file', async () => {
    const file = join(stateDir, 'pgpass');
    await writeFile(file, `# comment\nother:*:*:bob:no\n127.0.0.1:*:batchline:bob:right\\:pass\n`, {
      mode: 0o600,
    });
    expect(await failure(`postgres://bob@${address}/batchline?passfile=${file}`)).toBe(
      `${address}/batchline`,
    );
    await chmod(file, 0o644);
    expect(await failure(`postgres://bob@${address}/batchline?passfile=${file}`)).toMatchObject({
      code: 'login_failed',
    });
  });

  test('is spoken to by TLS where the URL leaves it open, and without where the server wants that', async () => {
    expect(await usesTls(`postgres://postgres@${address}/batchline`)).toBe(true);
    expect(await usesTls(`postgres://postgres@${address}/batchline?sslmode=require`)).toBe(true);
    expect(await usesTls(`postgres://postgres@${address}/batchline?sslmode=disable`)).toBe(false);
    expect(await usesTls(`postgres://eve@${address}/batchline`)).toBe(false);
  });

  test('is verified as sslmode says', async () => {
    const root = `sslrootcert=${join(stateDir, 'server.crt')}`;
    const base = `postgres://postgres@${address}/batchline`;
    expect(await usesTls(`${base}?sslmode=verify-ca&${root}`)).toBe(true);
    // The certificate is for localhost, not for 127.0.0.1.
    expect(await failure(`${base}?sslmode=verify-full&${root}`)).toMatchObject({
      code: 'untrusted_certificate',
    });
    expect(await usesTls(`${base}?sslmode=verify-full&${root}`.replace('127.0.0.1', 'localhost'))).toBe(true);
    expect(await failure(`${base}?sslmode=verify-full&sslrootcert=system`)).toMatchObject({
      code: 'untrusted_certificate',
    });
  });
});

async function usesTls(url: string): Promise<boolean> {
  await using connection = await connect(url, options);
  const { rows } = await connection.client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  return (rows[0] as { ssl: boolean }).ssl;
}

async function makeCertificate(stateDir: string): Promise<void> {
  const data = join(stateDir, 'postgres');
  const files = ['-keyout', join(data, 'server.key'), '-out', join(data, 'server.crt')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names, ...files],
    {
      stdio: 'ignore',
    },
  );
  const { uid, gid } = await stat(data);
  for (const file of ['server.key', 'server.crt']) await chown(join(data, file), uid, gid);
  await chmod(join(data, 'server.key'), 0o600);
  await writeFile(join(stateDir, 'server.crt'), await readFile(join(data, 'server.crt')));
}
