import { BatchlineError } from '../../core/errors.ts';

/** What the built-in fetch takes as its dispatcher: an agent of the built-in undici's own class, and of no other. */
export type Dispatcher = NonNullable<RequestInit['dispatcher']>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where requests go through instead of straight to the server. */
export interface ProxySettings {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  readonly noProxy: string;
}

/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case as curl reads them; null where there is no proxy. */
export function proxySettings(env: Environment): ProxySettings | null {
  const read = (name: string): string => {
    const value = env[name.toLowerCase()] ?? env[name] ?? '';
    return value === '' || name === 'NO_PROXY' || value.includes('://') ? value : `http://${value}`;
  };
  const settings = {
    httpProxy: read('HTTP_PROXY'),
    httpsProxy: read('HTTPS_PROXY'),
    noProxy: read('NO_PROXY'),
  };
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY'] as const)
    if (read(name) !== '' && !/^https?:$/.test(URL.parse(read(name))?.protocol ?? '')) throw notAProxy(name);
  return settings.httpProxy === '' && settings.httpsProxy === '' ? null : settings;
}

function notAProxy(name: string): BatchlineError {
  return new BatchlineError('proxy_invalid', `The variable ${name} is not the address of an http proxy.`, {
    hint: `Set ${name} as in http://proxy.example:3128, or take it out; NO_PROXY names hosts that need none.`,
    exitCode: 2,
  });
}

/** undici's own timer for headers also runs while an upload is still flowing; others watch over silence. */
const timers = { headersTimeout: 0, bodyTimeout: 0 } as const;

type AgentClass = new (options: object) => Dispatcher;

/** Undefined where this runtime's fetch tells nothing of its agents. */
export async function createDispatcher(proxies: ProxySettings | null): Promise<Dispatcher | undefined> {
  const Agent = await agentClass(proxies !== null);
  if (Agent === undefined) return undefined;
  // An agent that was set up by NODE_USE_ENV_PROXY reads the environment where it is told nothing else.
  return new Agent({ ...timers, ...(proxies ?? { httpProxy: '', httpsProxy: '', noProxy: '*' }) });
}

async function agentClass(needsProxy: boolean): Promise<AgentClass | undefined> {
  await fetch('data:,');
  if (!needsProxy) return globalAgentClass();
  // The class of agents that know proxies is shown by no other means.
  const setProxy: unknown = Reflect.get(await import('node:http'), 'setGlobalProxyFromEnv');
  if (typeof setProxy !== 'function') throw needsNewerNode();
  const restore: unknown = setProxy({ HTTP_PROXY: 'http://127.0.0.1:9' });
  try {
    return globalAgentClass();
  } finally {
    if (typeof restore === 'function') restore();
  }
}

function globalAgentClass(): AgentClass | undefined {
  const dispatcher: unknown = Reflect.get(globalThis, Symbol.for('undici.globalDispatcher.1'));
  return typeof dispatcher === 'object' && dispatcher !== null
    ? (dispatcher.constructor as AgentClass)
    : undefined;
}

function needsNewerNode(): BatchlineError {
  return new BatchlineError('proxy_unsupported', `Node ${process.versions.node} cannot use a proxy.`, {
    hint: 'Use Node 24.14 or newer, or take HTTPS_PROXY and HTTP_PROXY out.',
    exitCode: 2,
  });
}
