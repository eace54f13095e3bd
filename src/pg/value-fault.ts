import type { Value } from '../core/value.ts';

/** Why a value cannot stand in a column. Returned and not thrown: bad values are common, and stacks are dear. */
export class ValueFault {
  readonly code: 'invalid_value' | 'value_out_of_range' | 'not_null_violation';
  /** What is wrong with the value, as the sentence goes on after the column's name. */
  readonly reason: string;

  constructor(code: ValueFault['code'], reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

/** Turns a value into the text that the type's input function reads. */
export type TextConverter = (value: NonNullable<Value>) => string | ValueFault;
