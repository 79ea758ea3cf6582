import { API_TOKEN_ROLES } from '../../model/api-tokens.ts';
import { PRINCIPAL_VIAS, ROLES } from '../../model/principal.ts';
import { about, millis, nullable, object, oneOf, text } from '../json-schema.ts';

/** Who calls and what programs show, as the API answers it. */
export const ACCESS_ANSWERS = {
  Me: about(
    'Who calls.',
    object({
      name: about('As ledgers have it.', text),
      role: oneOf(ROLES),
      account: about('The only account that it sees; null: all of them.', nullable(text)),
      via: about('How it was shown.', oneOf(PRINCIPAL_VIAS)),
      csrfToken: about(
        'Of a session: what the header `X-CMK-CSRF` must have where something is changed.',
        nullable(text),
      ),
      expiresAt: nullable(
        about('When a session ends if nothing is done from now on, UNIX milliseconds.', { type: 'integer' }),
      ),
      signOut: about('Of a session: the path to `POST` to.', nullable(text)),
    }),
  ),
  ApiToken: about(
    'What a program shows, without its secret.',
    object({
      id: text,
      account: text,
      name: about('In the ledger, what is done with it is done by `token:` and this.', text),
      role: oneOf(API_TOKEN_ROLES),
      createdBy: text,
      createdAt: millis,
      expiresAt: millis,
      lastUsedAt: about('Up to a minute old; null: it was never used.', nullable(millis)),
    }),
  ),
};
