import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/pg/database-url.ts';
import { encryptionAttempts } from '../../src/pg/tls.ts';

const bad = (reason: RegExp) =>
  expect.objectContaining({ code: 'bad_database_url', message: expect.stringMatching(reason) });

describe('the parts of a URL', () => {
  test('are taken as they stand, decoded', () => {
    const address = parseDatabaseUrl(
      'postgresql://ann:p%40ss:w%2Ford@db.example:6543/my%20db?sslmode=require',
      {},
    );
    expect(address).toMatchObject({
      host: 'db.example',
      port: 6543,
      user: 'ann',
      password: 'p@ss:w/ord',
      database: 'my db',
    });
    expect(address.parameters.get('sslmode')).toBe('require');
  });

  test('come from the environment where the URL leaves them out', () => {
    const environment = {
      PGHOST: 'h',
      PGPORT: '1',
      PGUSER: 'u',
      PGPASSWORD: 'p',
      PGDATABASE: 'd',
      PGSSLMODE: 'disable',
    };
    const address = parseDatabaseUrl('postgres://', environment);
    expect(address).toMatchObject({ host: 'h', port: 1, user: 'u', password: 'p', database: 'd' });
    expect(address.parameters.get('sslmode')).toBe('disable');
    expect(parseDatabaseUrl('postgres://x@y:2/z', environment)).toMatchObject({
      host: 'y',
      port: 2,
      user: 'x',
      database: 'z',
    });
  });

  test('have the defaults of libpq', () => {
    expect(parseDatabaseUrl('postgres://localhost', {})).toMatchObject({
      port: 5432,
      user: userInfo().username,
      database: userInfo().username,
      password: undefined,
    });
  });

  test('may be parameters, an IPv6 address, or a folder of sockets', () => {
    expect(parseDatabaseUrl('postgres://u@[::1]:7/d', {}).host).toBe('::1');
    expect(parseDatabaseUrl('postgres:///d?host=/tmp/sockets&user=u&port=9', {})).toMatchObject({
      host: '/tmp/sockets',
      user: 'u',
      port: 9,
      database: 'd',
    });
  });

  test.each([
    ['mysql://h/d', /postgres:\/\//],
    ['postgres://h/d?sslmod=require', /Did you mean "sslmode"/],
    ['postgres://h:99999/d', /port/],
    ['postgres://a,b/d', /several hosts/],
    ['postgres://u:top%zzsecret@h/d', /%/],
  ])('that cannot be read are an error: %s', (url, reason) => {
    expect(() => parseDatabaseUrl(url, {})).toThrow(bad(reason));
    expect(() => parseDatabaseUrl(url, {})).not.toThrow(/secret/);
  });
});

const attempts = (query: string) => encryptionAttempts(parseDatabaseUrl(`postgres://u@h/d${query}`, {}));

describe('sslmode', () => {
  test('absent tries TLS, and then without', () => {
    expect(attempts('')).toEqual([{ rejectUnauthorized: false }, false]);
  });

  test('disable and Unix sockets do without, allow begins without', () => {
    expect(attempts('?sslmode=disable')).toEqual([false]);
    expect(attempts('?sslmode=require&host=/tmp')).toEqual([false]);
    expect(attempts('?sslmode=allow')).toEqual([false, { rejectUnauthorized: false }]);
  });

  test('require encrypts without verifying', () => {
    expect(attempts('?sslmode=require')).toEqual([{ rejectUnauthorized: false }]);
  });

  test('verify-full checks the name, verify-ca does not', () => {
    const [full] = attempts('?sslmode=verify-full&sslrootcert=system');
    expect(full).toMatchObject({ rejectUnauthorized: true });
    expect(full).not.toHaveProperty('checkServerIdentity');
    expect(attempts('?sslmode=verify-ca&sslrootcert=system')[0]).toHaveProperty('checkServerIdentity');
  });

  test('that is unknown, or lacks its certificate, is an error', () => {
    expect(() => attempts('?sslmode=no')).toThrow(bad(/"no"/));
    expect(() => attempts('?sslmode=verify-full&sslrootcert=/nowhere.pem')).toThrow(/nowhere/);
  });
});
