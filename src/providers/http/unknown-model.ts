import { didYouMean, nearestName } from '../../core/did-you-mean.ts';
import { BatchlineError } from '../../core/errors.ts';

/** A listing of more models than this helps nobody. */
const mostListed = 20;

/** @param names of the models that there are, where that is known */
export function unknownModel(host: string, model: string, names: readonly string[]): BatchlineError {
  return new BatchlineError('model_not_found', `${host} has no model "${model}"`, {
    where: host,
    hint: ['Correct request.model.', ...advice(model, names)].join(' '),
    exitCode: 2,
  });
}

function advice(model: string, names: readonly string[]): readonly string[] {
  const isWorthListing = names.length > 0 && names.length <= mostListed;
  return isWorthListing || nearestName(model, names) !== undefined ? [didYouMean(model, names)] : [];
}
