/** @param address what a base_url usually is, as in `it usually ends in /v1` */
export function pageHint(address: string): string {
  return `A firewall, a proxy or a login page answered in place of the API: check the network, HTTPS_PROXY, and provider.base_url; ${address}.`;
}

/** How to name an answer that is a web page, by its title or its beginning; null of any other. */
export function webPage(text: string): string | null {
  if (
    !/^\s*(?:<!--[^]*?-->\s*)*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body|title|meta|script|center|h1)\b/i.test(
      text,
    )
  )
    return null;
  const title = plain(/<title[^>]*>([^<]*)/i.exec(text)?.[1] ?? '');
  return title === '' ? `a web page (${excerpt(text)})` : `a web page, "${title.slice(0, 200)}",`;
}

/** The first 200 characters of what can be read in a text. */
export function excerpt(text: string): string {
  const shown = plain(text.replaceAll(/<(script|style)\b[^]*?<\/\1>/gi, ' ').replaceAll(/<[^>]*>/g, ' '));
  return (shown === '' ? plain(text) : shown).slice(0, 200);
}

function plain(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    nbsp: ' ',
    '#39': "'",
  };
  return text
    .replaceAll(/&(#?\w+);/g, (whole, name: string) => entities[name.toLowerCase()] ?? whole)
    .replaceAll(/\s+/g, ' ')
    .trim();
}
