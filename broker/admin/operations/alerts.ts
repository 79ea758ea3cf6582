import { about, listOf, object, ref, text } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.accountParams;
const contacts = object({ emails: listOf(text) });

/** What can be asked about alerts and whom they go to. */
export const ALERTS = {
  list: operation('READ', {
    id: 'listAlerts',
    tag: 'Alerts',
    summary: 'Alerts, the newest first, with what became of each message',
    params,
    query: schemas.pageQuery,
    answer: pageOf('alerts', ref('Alert')),
  }),
  test: operation('ADMINISTER', {
    id: 'sendTestAlert',
    tag: 'Alerts',
    summary: 'Tell all contacts and webhooks something that did not happen, to see that it arrives',
    description:
      'At most one in 30 seconds for an account; there must be a contact or a webhook. What becomes of each message stands in `listAlerts`.',
    params,
    answer: object({ alert: ref('Alert') }),
    refusals: ['CONFLICT'],
  }),
  contacts: operation('READ', {
    id: 'getContacts',
    tag: 'Alerts',
    summary: 'Whom alerts are mailed to',
    params,
    answer: contacts,
    versioned: 'READ',
  }),
  putContacts: operation('ADMINISTER', {
    id: 'putContacts',
    tag: 'Alerts',
    summary: 'Say whom alerts are mailed to, all of them',
    params,
    body: schemas.contactsBody,
    answer: contacts,
    versioned: 'WRITE',
  }),
  webhooks: operation('READ', {
    id: 'listWebhooks',
    tag: 'Alerts',
    summary: 'Where alerts are posted to',
    params,
    query: schemas.pageQuery,
    answer: pageOf('webhooks', ref('Webhook')),
  }),
  addWebhook: operation('ADMINISTER', {
    id: 'addWebhook',
    tag: 'Alerts',
    summary: 'Have alerts posted to an address',
    description:
      'The answer has the secret that signatures are made with. It is shown this once: docs/alerts.md.',
    params,
    body: schemas.webhookBody,
    made: object({
      webhook: ref('Webhook'),
      secret: about('What the signatures of its messages are checked with.', text),
    }),
    idempotent: true,
    refusals: ['CONFLICT', 'NOT_FOUND'],
  }),
  deleteWebhook: operation('ADMINISTER', {
    id: 'deleteWebhook',
    tag: 'Alerts',
    summary: 'No longer post alerts to an address',
    description: 'What has not been delivered to it is dropped.',
    params: schemas.webhookParams,
    answer: object({ id: text }),
    refusals: ['NOT_FOUND'],
  }),
} as const;

/** What can be asked about fallback. */
export const FALLBACK = {
  get: operation('READ', {
    id: 'getFallback',
    tag: 'Fallback',
    summary: 'Whether the platform key may stand in for a key that fails',
    params,
    answer: ref('FallbackPolicy'),
    versioned: 'READ',
  }),
  put: operation('ADMINISTER', {
    id: 'putFallback',
    tag: 'Fallback',
    summary: 'Say whether the platform key may stand in, and for how long',
    description:
      'Takes effect with the next data key. An episode that lasts goes on until the key works again; with `OFF` no more data keys are made in it.',
    params,
    body: schemas.fallbackBody,
    answer: ref('FallbackPolicy'),
    versioned: 'WRITE',
  }),
  episodes: operation('READ', {
    id: 'listFallbackEpisodes',
    tag: 'Fallback',
    summary: 'When the platform key stood in, the newest first',
    params,
    query: schemas.pageQuery,
    answer: pageOf('episodes', ref('FallbackEpisode')),
  }),
  wishes: operation('READ', {
    id: 'getFailureWishes',
    tag: 'Fallback',
    summary: 'What services should do when nothing can be stored',
    description: 'Those types that are not `FAIL_ASSET`.',
    params,
    query: schemas.pageQuery,
    answer: pageOf('onFailure', ref('TypeWish')),
  }),
  putWish: operation('ADMINISTER', {
    id: 'putFailureWish',
    tag: 'Fallback',
    summary: 'Say what a service should do when an asset of a type cannot be stored',
    params: schemas.enrolmentParams,
    body: schemas.failureWishBody,
    answer: ref('TypeWish'),
    refusals: ['NOT_FOUND'],
  }),
} as const;
