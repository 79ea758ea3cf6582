import type { Command } from 'commander';
import { DEFAULT_URL, TOKEN_VARIABLE, URL_VARIABLE } from './http.ts';

/** Options of every command that speaks to the administration API. */
export interface AdminOptions {
  readonly brokerUrl?: string;
  readonly tokenFile?: string;
}

export function addAdminOptions(command: Command): Command {
  return command
    .option('--broker-url <url>', `the administration API (default: $${URL_VARIABLE}, else ${DEFAULT_URL})`)
    .option('--token-file <file>', `file that holds the operator’s token (default: $${TOKEN_VARIABLE})`);
}
