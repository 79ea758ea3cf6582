import { CmkError } from '../../core/errors.ts';
import { API_TOKEN_ROLES, type ApiToken } from '../model/api-tokens.ts';
import type { AuditEvent } from '../model/types.ts';
import { lockAccount } from './accounts.ts';
import type { ApiTokenStore } from './api-token-store.ts';
import { readRow, readRows, type Database } from './database.ts';
import { appendAudit, type HeadGuesses } from './ledger.ts';
import type { Row } from './row.ts';

/** API tokens in a SQL database. */
export class SqlApiTokenStore implements ApiTokenStore {
  readonly #database: Database;
  readonly #guesses: HeadGuesses;

  constructor(database: Database, guesses: HeadGuesses) {
    this.#database = database;
    this.#guesses = guesses;
  }

  insert(token: ApiToken, hash: string, most: number, audit: AuditEvent): Promise<void> {
    return this.#database.transact(async (db) => {
      await lockAccount(db, token.account);
      const stored = await readRows('api_tokens', db('api_tokens').where({ account: token.account }));
      if (stored.some((row) => row.text('name') === token.name)) {
        throw new CmkError('CONFLICT', `the account has a token named ${JSON.stringify(token.name)} already`);
      }
      if (stored.length >= most) {
        throw new CmkError('CONFLICT', `expected at most ${most} tokens of an account`);
      }
      await db('api_tokens').insert(toColumns(token, hash));
      await appendAudit(db, [audit], this.#guesses);
    });
  }

  async list(account: string): Promise<ApiToken[]> {
    const rows = await this.#database.run((db) =>
      readRows('api_tokens', db('api_tokens').where({ account }).orderBy('id')),
    );
    return rows.map(toApiToken);
  }

  async find(hash: string): Promise<ApiToken | null> {
    const row = await this.#database.run((db) => readRow('api_tokens', db('api_tokens').where({ hash })));
    return row && toApiToken(row);
  }

  async used(id: string, atMs: number): Promise<void> {
    await this.#database.run((db) =>
      db('api_tokens')
        .where({ id })
        .where((unnoted) => void unnoted.whereNull('last_used_at').orWhere('last_used_at', '<', atMs))
        .update({ last_used_at: atMs }),
    );
  }

  delete(account: string, id: string, audit: AuditEvent): Promise<boolean> {
    return this.#database.transact(async (db) => {
      if ((await db('api_tokens').where({ account, id }).delete()) === 0) return false;
      await appendAudit(db, [audit], this.#guesses);
      return true;
    });
  }
}

function toColumns(token: ApiToken, hash: string): Record<string, unknown> {
  return {
    id: token.id,
    account: token.account,
    name: token.name,
    role: token.role,
    hash,
    created_by: token.createdBy,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used_at: token.lastUsedAt,
  };
}

function toApiToken(row: Row): ApiToken {
  return {
    id: row.text('id'),
    account: row.text('account'),
    name: row.text('name'),
    role: row.word('role', API_TOKEN_ROLES),
    createdBy: row.text('created_by'),
    createdAt: row.integer('created_at'),
    expiresAt: row.integer('expires_at'),
    lastUsedAt: row.optionalInteger('last_used_at'),
  };
}
