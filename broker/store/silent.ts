/** Knex would write to the console; all that it says there is in the errors as well. */
export const SILENT = {
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
  deprecate: () => undefined,
};
