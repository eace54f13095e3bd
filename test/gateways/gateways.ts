import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const here = import.meta.dirname;
const cache = join(here, '../../node_modules/.cache/gateways');

/** A gateway that can be installed where its registry is reached. */
export interface Gateway {
  readonly name: string;
  /** The variable that tells its tests where it is installed. */
  readonly variable: string;
  /** What is installed, as it was pinned. */
  version(): Promise<string>;
  install(folder: string): Promise<void>;
}

const litellmVersion = '1.108.7';

export const gateways: readonly Gateway[] = [
  {
    name: 'portkey',
    variable: 'BATCHLINE_TEST_PORTKEY',
    version: () => readFile(join(here, 'portkey/package-lock.json'), 'utf8'),
    async install(folder) {
      await cp(join(here, 'portkey'), folder, { recursive: true });
      await run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
    },
  },
  {
    name: 'litellm',
    variable: 'BATCHLINE_TEST_LITELLM',
    version: () => Promise.resolve(litellmVersion),
    async install(folder) {
      await run('python3', ['-m', 'venv', folder]);
      const packages = [
        'install',
        '--quiet',
        '--disable-pip-version-check',
        `litellm[proxy]==${litellmVersion}`,
      ];
      await run(join(folder, 'bin/pip'), packages);
    },
  },
];

/** Installs a gateway, unless it is there as it should be. @returns its folder */
export async function installed(gateway: Gateway): Promise<string> {
  const folder = join(cache, gateway.name);
  const mark = join(cache, `${gateway.name}.installed`);
  const version = await gateway.version();
  if ((await readFile(mark, 'utf8').catch(() => '')) === version) return folder;
  await mkdir(cache, { recursive: true });
  await gateway.install(folder);
  await writeFile(mark, version);
  return folder;
}
