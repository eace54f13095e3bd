/** What a request line asks, as text: exactly what the file holds. */
interface Request {
  readonly path: string;
  readonly body: string;
}

const bodyMark = ',"body":';

/** The base address ends in the version that paths of batch lines begin with. */
export function requestOf(line: Buffer): Request {
  const text = line.toString('utf8');
  const at = text.indexOf(bodyMark);
  const { url } = JSON.parse(`${text.slice(0, at)}}`) as { readonly url: string };
  return { path: url.replace(/^\/v1(?=\/)/, ''), body: text.slice(at + bodyMark.length, -1) };
}
