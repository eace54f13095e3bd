/** What requests cost at a server, against the list's price, which is that of one synchronous request at the usual tier. */
export interface Tariff {
  /** Whose prices they are: a provider of the price list, or a server's own name where it is not in there. */
  readonly biller: string;
  /** What a batch costs of the list's price; null where that is not known. */
  readonly batch: number | null;
  /** What requests of a tier cost of it, by the tier's word; of any other tier that is not known. */
  readonly tiers: Readonly<Record<string, number>>;
}

/** Words for the tier that is served to whoever asks for none. */
export const usualTiers: Readonly<Record<string, number>> = {
  default: 1,
  standard: 1,
  auto: 1,
  on_demand: 1,
};
