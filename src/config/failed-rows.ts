/** How many failed rows a run may have and still end well: a number of rows, or a share of those answered. */
export type MaxFailedRows = { readonly rows: number } | { readonly share: number };

/** Reads `25` or `1%`; undefined where the text is neither. Needs no schema, so that the command line may use it. */
export function parseMaxFailedRows(value: string | number): MaxFailedRows | undefined {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(value).trim());
  if (match === null) return undefined;
  const amount = Number(match[1]);
  if (match[2] === '%') return amount <= 100 ? { share: amount / 100 } : undefined;
  return Number.isSafeInteger(amount) ? { rows: amount } : undefined;
}
