import type { ToldEvent } from '../../core/events.ts';
import type { Output } from '../context.ts';
import type { Level } from './level.ts';

export interface ViewOptions {
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly level: Level;
  readonly format: 'text' | 'json';
}

/** A view that is told every event, of whatever level. */
export interface View {
  show(event: ToldEvent): void;
  /** Leaves the terminal to somebody else until it is released; absent where that needs nothing. */
  hold?(): Disposable;
  /** Shows what is still held back, and leaves the terminal as it should be. */
  close(): void;
}
