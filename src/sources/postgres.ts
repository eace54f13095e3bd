import { defineSource } from '../core/source.ts';
import { postgresConfig } from './postgres/config.ts';

export const postgres = defineSource({
  name: 'postgres',
  summary: 'Reads a table or the rows of a query from PostgreSQL.',
  config: postgresConfig,
  examples: [
    { url: '${DATABASE_URL}', table: 'public.tickets', where: 'closed_at is not null' },
    { url: '${DATABASE_URL}', query: 'SELECT id, subject, body FROM tickets ORDER BY id' },
    { url: '${DATABASE_URL}', table: 'public.events', partitions: 4 },
    { url: '${DATABASE_URL}', table: 'public.tickets', incremental: { cursor: 'updated_at', lag: '1h' } },
  ],
  async open(config, context) {
    const { openPostgres } = await import('./postgres/open.ts');
    return openPostgres(config, context);
  },
});
