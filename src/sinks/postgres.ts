import { defineSink } from '../core/sink.ts';
import { postgresConfig } from './postgres/config.ts';

/** Loads by COPY into a staging table and one INSERT, in batches of one transaction each. */
export const postgres = defineSink({
  name: 'postgres',
  summary: 'Loads answers into a Postgres table by COPY and upsert.',
  config: postgresConfig,
  examples: [
    { url: 'postgres://localhost/shop', table: 'public.ticket_tags' },
    { url: 'embedded', table: 'ticket_tags', create: true },
    { url: 'postgres://localhost/shop', table: 'answers', mode: 'insert', unchanged: 'send' },
    { url: 'postgres://localhost/shop', table: 'public.tickets', mode: 'update' },
    { url: 'postgres://localhost/shop', table: 'public.chunks', indexes: 'defer' },
  ],
  async open(config, context) {
    const { openPostgresSink } = await import('./postgres/postgres-sink.ts');
    return openPostgresSink(config, context);
  },
});
