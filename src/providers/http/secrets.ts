import { Redactor } from '../../core/redact.ts';
import { isRoutingName } from '../../core/routing-name.ts';
import type { ProxySettings } from './dispatcher.ts';

/** What must never be shown of an account's settings: a server may echo the key that it refuses. */
export interface SecretSettings {
  readonly apiKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly proxies?: ProxySettings | null;
}

export function redactorOf({ apiKey, headers, query = {}, proxies }: SecretSettings): Redactor {
  const redactor = new Redactor();
  redactor.add(apiKey);
  for (const [name, value] of [headers, query].flatMap(Object.entries<string>))
    if (!isRoutingName(name)) redactor.add(value);
  for (const proxy of [proxies?.httpProxy, proxies?.httpsProxy]) {
    const { password = '', username = '' } = URL.parse(proxy ?? '') ?? {};
    for (const value of [password, decodeURIComponent(password), username]) redactor.add(value);
  }
  return redactor;
}
