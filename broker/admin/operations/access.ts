import { about, object, ref, text } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.accountParams;

/** What can be asked about who calls. */
export const ACCESS = {
  me: operation('ANY', {
    id: 'getMe',
    tag: 'Access',
    summary: 'Who calls, and what their session needs',
    answer: ref('Me'),
  }),
  signOut: operation('ANY', {
    id: 'signOut',
    tag: 'Access',
    summary: 'End the session that the browser shows',
    answer: object({
      continueAt: about(
        'Where the browser goes next: the provider’s page that ends its own session, or our last one.',
        text,
      ),
    }),
    refusals: ['NOT_FOUND', 'CROSS_SITE_REQUEST'],
  }),
  tokens: operation('READ', {
    id: 'listTokens',
    tag: 'Access',
    summary: 'What an account’s programs show, the oldest first',
    description: 'Those that have expired too, 50 at the most.',
    params,
    query: schemas.pageQuery,
    answer: pageOf('tokens', ref('ApiToken')),
  }),
  createToken: operation('ADMINISTER', {
    id: 'createToken',
    tag: 'Access',
    summary: 'Make what a program shows',
    description:
      'Not for tokens themselves. The secret is shown this once and not stored: docs/sign-in.md. A request that is sent again makes no second token, and cannot be shown the secret: it is a CONFLICT whose problem names the `token`.',
    params,
    body: schemas.tokenBody,
    made: object({ token: ref('ApiToken'), secret: about('The bearer token.', text) }),
    idempotent: true,
    refusals: ['CONFLICT'],
  }),
  revokeToken: operation('ADMINISTER', {
    id: 'revokeToken',
    tag: 'Access',
    summary: 'End a token, at once',
    params: schemas.tokenParams,
    answer: object({ id: text }),
    refusals: ['NOT_FOUND'],
  }),
} as const;
