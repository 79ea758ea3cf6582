import { invalid, LIST, READ, type Route, type Wrong } from './bad-input.ts';

const CURSORS: Record<string, Wrong> = {
  'a cursor that is none': { query: 'cursor=abc', ...invalid },
  'a cursor with another’s parts': {
    query: `cursor=${Buffer.from('["1","2","3","4"]').toString('base64url')}`,
    ...invalid,
  },
  'a cursor with characters that no database takes': {
    query: `cursor=${Buffer.from('["\\u0000"]').toString('base64url')}`,
    ...invalid,
  },
};
const ASSET: Record<string, Wrong> = {
  'a service that is no number': { params: { srvId: 'x' }, ...invalid },
  'a type that is none': { params: { type: 'a.b' }, ...invalid },
  'an id that no asset has': { params: { id: 'a%00' }, ...invalid },
};

const SPANS: Record<string, Wrong> = {
  'parts that there are not': { query: 'bucket=minute', ...invalid },
  'a time that is none': { query: 'from=yesterday', ...invalid },
  'an end before the beginning': { query: 'from=2&until=1', ...invalid },
  'more parts than one answer has': { query: 'from=0&until=9999999999999', ...invalid },
};

/** What can be wrong about calls for what administrators look at. */
export const VIEW_ROUTES: Readonly<Record<string, Route>> = {
  'GET /v1/accounts/:account/overview': READ,
  'GET /v1/accounts/:account/assets': {
    wrong: {
      ...LIST.wrong,
      ...CURSORS,
      'a protection that there is not': { query: 'protection=NONE', ...invalid },
      'a beginning that no id has': { query: 'idPrefix=a%00', ...invalid },
    },
  },
  'GET /v1/accounts/:account/assets/:srvId/:type/:id': { wrong: ASSET },
  'GET /v1/accounts/:account/assets/:srvId/:type/:id/history': {
    wrong: { ...LIST.wrong, ...CURSORS, ...ASSET },
  },
  'GET /v1/accounts/:account/uses': { wrong: SPANS },
  'GET /v1/accounts/:account/keys/:key/uses': { wrong: SPANS },
  'GET /v1/accounts/:account/kms-budget': READ,
  'GET /v1/accounts/:account/events': READ,
  'GET /v1/operator/health': READ,
  'GET /v1/operator/sidecars': { wrong: { ...LIST.wrong, ...CURSORS } },
  'GET /v1/operator/accounts': { wrong: { ...LIST.wrong, ...CURSORS } },
  'GET /v1/accounts/:account/activity': {
    wrong: {
      ...LIST.wrong,
      ...CURSORS,
      'an action that there is not': { query: 'action=ISSUE,WALK', ...invalid },
      'an outcome that there is not': { query: 'outcome=allowed', ...invalid },
      'a time that is none': { query: 'from=yesterday', ...invalid },
      'an end before the beginning': { query: 'from=2&until=1', ...invalid },
      'a key that is none': { query: 'key=1', ...invalid },
    },
  },
};
