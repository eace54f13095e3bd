import type { Pipeline } from '../config/pipeline.ts';
import { billerOf, type Biller } from './biller.ts';
import { listedRates, listVersion, openPriceBook, type PriceBook } from './listed-rates.ts';
import type { PriceList, Prices, Service } from './prices.ts';
import { costAt, flatRate, type Rates } from './rates.ts';

type Own = Pipeline['prices'][string];

/** The prices of a pipeline's model, as they are now: the file's own, else those of the list. */
export async function openPrices(pipeline: Pipeline): Promise<Prices> {
  return (await openPriceList(pipeline)).at(Date.now());
}

export async function openPriceList({ request, provider, prices, mode }: Pipeline): Promise<PriceList> {
  const book = await openPriceBook();
  const { model } = request;
  const priced = { model, biller: billerOf(provider, book), sendsBatches: mode !== 'standard' };
  const own = Object.hasOwn(prices, model) ? prices[model] : undefined;
  return {
    at: (time) => (own === undefined ? listedPrices(priced, book, time) : ownPrices(priced, own)),
  };
}

/** What is priced, and whether what a batch costs matters. */
interface Priced {
  readonly model: string;
  readonly biller: Biller;
  readonly sendsBatches: boolean;
}

function ownPrices(priced: Priced, own: Own): Prices {
  const { model, biller } = priced;
  const { input, output, cached = input, cache_write: cacheWrite = input } = own;
  const rates = {
    input: flatRate(input),
    output: flatRate(output),
    cached: flatRate(cached),
    cacheWrite: flatRate(cacheWrite),
    cacheWriteBriefly: flatRate(cacheWrite),
    request: 0,
  };
  const batch = own.batch_discount ?? biller.tariff.batch;
  return {
    asOf: null,
    by: `prices.${model}`,
    remark: remarkOnBatches(priced, batch),
    cost: costBy(rates, factors(biller, batch)),
  };
}

function listedPrices(priced: Priced, book: PriceBook, time: number): Prices {
  const { model, biller } = priced;
  const { tariff, name, unknownAddress } = biller;
  const rates =
    listedRates(book, tariff.biller, model, time) ??
    (unknownAddress === null ? null : listedRates(book, 'litellm', model, time));
  return {
    asOf: listVersion.date,
    by: name,
    remark: remarkOn(priced, rates),
    cost: rates === null ? () => null : costBy(rates, factors(biller, tariff.batch)),
  };
}

function remarkOn(priced: Priced, rates: Rates | null): string | null {
  const { model, biller } = priced;
  const { tariff, name, unknownAddress } = biller;
  if (rates === null) return `no price of ${model} at ${name} is known; prices.${model} can say it`;
  if (unknownAddress !== null) return `${unknownAddress} is taken to cost what ${name} does`;
  return remarkOnBatches(priced, tariff.batch);
}

function remarkOnBatches({ model, biller, sendsBatches }: Priced, batch: number | null): string | null {
  if (batch !== null || !sendsBatches) return null;
  return `what batches cost at ${biller.name} is not known; prices.${model}.batch_discount can say it`;
}

type FactorOf = (service: Service) => number | null;

/** An answer out of a batch costs what a batch costs, whatever tier it names. */
function factors({ tariff }: Biller, batch: number | null): FactorOf {
  const tiers = new Map(Object.entries(tariff.tiers));
  return ({ way, tier }) => {
    if (way === 'batch' || tier === 'batch') return batch;
    return tier === null ? 1 : (tiers.get(tier.toLowerCase()) ?? null);
  };
}

function costBy(rates: Rates, factorOf: FactorOf): Prices['cost'] {
  return (tokens, service) => {
    const factor = factorOf(service);
    return factor === null ? null : factor * costAt(rates, tokens);
  };
}
