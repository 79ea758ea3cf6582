import test from 'ava';
import { authorize, checkAssetType, findCaller } from '../../../broker/policy/authorize.ts';
import { DEFAULT_CATALOGUE } from '../../../broker/model/catalogue.ts';
import { anAsset } from '../../support/stored-facts.ts';

const caller = (path: string) => findCaller(DEFAULT_CATALOGUE, `spiffe://cmk.test${path}`, path);

test('each service has a caller of its own, who may act for it alone', (t) => {
  for (const { srvId } of DEFAULT_CATALOGUE.services) {
    const found = caller(`/service/${srvId}`);
    if (!found) return t.fail(srvId);
    for (const other of DEFAULT_CATALOGUE.services) {
      t.is(authorize(found, other.srvId), other.srvId === srvId ? null : 'SERVICE_NOT_ALLOWED');
    }
  }
});

for (const path of [
  '',
  '/',
  '/service',
  '/service/9999',
  '/service/0001/',
  '/SERVICE/0001',
  '/constructor',
  '__proto__',
]) {
  test(`nobody is known as ${JSON.stringify(path)}`, (t) => t.is(caller(path), null));
}

test('an asset type must be one of its service’s', (t) => {
  t.notThrows(() => checkAssetType(DEFAULT_CATALOGUE, anAsset()));
  t.throws(() => checkAssetType(DEFAULT_CATALOGUE, anAsset({ type: 'PhoneVoicemail' })), {
    code: 'INVALID_ARGUMENT',
    message: /expected one of MeetingWebinarRecording, .*got 0001 PhoneVoicemail/,
  });
  t.throws(() => checkAssetType(DEFAULT_CATALOGUE, anAsset({ srvId: '9999' })), { code: 'INVALID_ARGUMENT' });
});
