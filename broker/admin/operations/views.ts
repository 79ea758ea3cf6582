import { object, ref } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../view-schemas.ts';

const params = schemas.accountParams;
const assetParams = schemas.assetParams;

/** What can be looked at. */
export const VIEWS = {
  overview: operation('READ', {
    id: 'getOverview',
    tag: 'Overview',
    summary: 'The account at one glance, and what needs somebody',
    params,
    answer: object({ overview: ref('Overview') }),
  }),
  assets: operation('READ', {
    id: 'listAssets',
    tag: 'Assets',
    summary: 'Assets, in the order of service, type and id',
    params,
    query: schemas.assetsQuery,
    answer: pageOf('assets', ref('ListedAsset')),
  }),
  asset: operation('READ', {
    id: 'getAsset',
    tag: 'Assets',
    summary: 'How an asset is protected, by which keys',
    params: assetParams,
    answer: object({ asset: ref('AssetDetails') }),
    refusals: ['ASSET_NOT_FOUND'],
  }),
  history: operation('READ', {
    id: 'listAssetHistory',
    tag: 'Assets',
    summary: 'What was done with an asset, the newest first',
    params: assetParams,
    query: schemas.pageQuery,
    answer: pageOf('events', ref('AuditEvent')),
    refusals: ['ASSET_NOT_FOUND'],
  }),
  activity: operation('READ', {
    id: 'listActivity',
    tag: 'Ledger',
    summary: 'What happened in the account, filtered, the newest first',
    description:
      'Words of `action`, `outcome` and `reason` stand between commas. A filter that finds little is looked for some way back within one page. So a page may be short, or even empty, and not be the last: as long as `next` is not null, ask on with it.',
    params,
    query: schemas.activityQuery,
    answer: pageOf('events', ref('AuditEvent')),
  }),
} as const;
