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

export async function openPriceList({ request, provider, prices }: Pipeline): Promise<PriceList> {
  const book = await openPriceBook();
  const biller = billerOf(provider, book);
  const own = prices[request.model];
  return {
    at: (time) =>
      own === undefined
        ? listedPrices(request.model, biller, book, time)
        : ownPrices(request.model, own, biller),
  };
}

function ownPrices(model: string, own: Own, biller: Biller): Prices {
  const { input, output, cached = input, cache_write: cacheWrite = input } = own;
  const rates = {
    input: flatRate(input),
    output: flatRate(output),
    cached: flatRate(cached),
    cacheWrite: flatRate(cacheWrite),
    cacheWriteBriefly: flatRate(cacheWrite),
    request: 0,
  };
  const factorOf = factors(biller, own.batch_discount ?? biller.tariff.batch);
  const isBatchKnown = factorOf({ way: 'batch', tier: null }) !== null;
  return {
    asOf: null,
    by: `prices.${model}`,
    remark: isBatchKnown ? null : unknownBatches(model, biller),
    cost: costBy(rates, factorOf),
  };
}

function listedPrices(model: string, biller: Biller, book: PriceBook, time: number): Prices {
  const { tariff, name, unknownAddress } = biller;
  const rates =
    listedRates(book, tariff.biller, model, time) ??
    (unknownAddress === null ? null : listedRates(book, 'litellm', model, time));
  return {
    asOf: listVersion.date,
    by: name,
    remark: remarkOn(model, biller, rates),
    cost: rates === null ? () => null : costBy(rates, factors(biller, tariff.batch)),
  };
}

function remarkOn(model: string, biller: Biller, rates: Rates | null): string | null {
  const { tariff, name, unknownAddress } = biller;
  if (rates === null) return `no price of ${model} at ${name} is known; prices.${model} can say it`;
  if (tariff.batch === null) return unknownBatches(model, biller);
  return unknownAddress === null ? null : `${unknownAddress} is taken to cost what ${name} does`;
}

function unknownBatches(model: string, { name }: Biller): string {
  return `what batches cost at ${name} is not known; prices.${model}.batch_discount can say it`;
}

type FactorOf = (service: Service) => number | null;

/** An answer out of a batch costs what a batch costs, whatever tier it names. */
function factors({ tariff }: Biller, batch: number | null): FactorOf {
  return ({ way, tier }) => {
    if (way === 'batch' || tier === 'batch') return batch;
    return tier === null ? 1 : (tariff.tiers[tier.toLowerCase()] ?? null);
  };
}

function costBy(rates: Rates, factorOf: FactorOf): Prices['cost'] {
  return (tokens, service) => {
    const factor = factorOf(service);
    return factor === null ? null : factor * costAt(rates, tokens);
  };
}
