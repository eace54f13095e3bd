import { dialectOf } from '../config/dialect-of.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { Field } from '../core/value.ts';
import { createAnswerReader, type AnswerReader } from '../results/answer-reader.ts';
import { createAnswerRepair } from '../results/answer-repair.ts';
import { planColumns, type ColumnSet } from '../results/columns.ts';
import { createOutputValidator } from '../results/output-validator.ts';
import { itemKeyNames } from './key-names.ts';

/** What makes a row of the target of a result line. */
export interface ResultColumns {
  /** Understands result lines as the pipeline's request and columns need them. */
  readonly reader: AnswerReader;
  readonly columns: ColumnSet;
  /** The names of an item's key parts. */
  readonly keyNames: readonly string[];
}

export async function openResultColumns(
  pipeline: Pipeline,
  columns: ColumnSet,
  keyNames: readonly string[],
): Promise<ResultColumns> {
  const { endpoint, output } = pipeline.request;
  const validate = output === undefined ? undefined : await createOutputValidator(output.schema);
  const repair = output?.repair === true ? await createAnswerRepair() : undefined;
  const reader = createAnswerReader({
    dialect: dialectOf(pipeline),
    endpoint,
    needs: new Set([...columns.needs, 'usage' as const]),
    validate,
    repair,
  });
  return { reader, columns, keyNames };
}

/** The columns of the target, for rows of these fields. */
export function columnsOf(pipeline: Pipeline, fields: readonly Field[]): ColumnSet {
  return planColumns({
    configured: pipeline.sink.columns,
    request: pipeline.request,
    dimensions: dialectOf(pipeline).facts(pipeline.request).dimensions,
    sourceFields: fields,
    keyNames: itemKeyNames(pipeline),
  });
}
