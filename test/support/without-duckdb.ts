import { registerHooks } from 'node:module';

/** To be loaded before a program: DuckDB is then as if it were not installed. */
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@duckdb/')) return next(specifier, context);
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' });
  },
});
