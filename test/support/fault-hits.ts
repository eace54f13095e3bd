interface Shown {
  readonly tallies: Readonly<Record<string, { readonly hits: number }>>;
}

/** How often each fault of an emulator has hit, by its place: `http[0]`. */
export async function faultHits(url: string): Promise<Readonly<Record<string, number>>> {
  const response = await fetch(new URL('/emulator/faults', url));
  const { tallies } = (await response.json()) as Shown;
  return Object.fromEntries(Object.entries(tallies).map(([place, { hits }]) => [place, hits]));
}
