import test from 'ava';
import { DEFAULT_CATALOGUE, parseCatalogue, readCatalogue } from '../../../broker/model/catalogue.ts';

const GOOD = {
  services: [{ srvId: '0001', name: 'Meeting Recorder', types: ['Recording'] }],
  callers: { '/ns/recorder/sa/sidecar': ['0001'] },
};

test('the built-in catalogue is one that could be written in a file', (t) => {
  t.deepEqual(parseCatalogue(JSON.stringify(DEFAULT_CATALOGUE)), DEFAULT_CATALOGUE);
});

test('a catalogue in a file replaces the built-in one', (t) => {
  t.deepEqual(parseCatalogue(JSON.stringify(GOOD)), GOOD);
});

test('a file that is not there', (t) => {
  t.throws(() => readCatalogue('/nowhere/catalogue.json'), { code: 'CONFIG_INVALID', message: /nowhere/ });
});

const [service] = GOOD.services;
const BAD: Record<string, [text: unknown, message: RegExp]> = {
  'not JSON': ['{', /expected JSON/],
  'an array': [[], /catalogue: expected an object/],
  'nothing in it': [{}, /services: expected an array.*callers: expected an object/],
  'an unknown field': [{ ...GOOD, service: [] }, /unknown field "service"/],
  'an unknown field of a service': [{ ...GOOD, services: [{ ...service, id: 1 }] }, /services\[0\]: unknown/],
  'a short srvId': [
    { ...GOOD, services: [{ ...service, srvId: '1' }] },
    /services\[0\]\.srvId: expected four/,
  ],
  'a number as srvId': [{ ...GOOD, services: [{ ...service, srvId: 1 }] }, /expected four digits/],
  'a service twice': [{ ...GOOD, services: [service, service] }, /"0001" stands there twice/],
  'a type twice': [
    { ...GOOD, services: [{ ...service, types: ['A', 'A'] }] },
    /types: "A" stands there twice/,
  ],
  'a type with a dash': [{ ...GOOD, services: [{ ...service, types: ['A-B'] }] }, /types\[0\]: expected/],
  'a service without types': [{ ...GOOD, services: [{ ...service, types: [] }] }, /types: expected at least/],
  'a caller with its trust domain': [{ ...GOOD, callers: { 'spiffe://a/b': ['0001'] } }, /expected the path/],
  'a caller for an unknown service': [{ ...GOOD, callers: { '/a': ['0002'] } }, /no service "0002"/],
  'a caller for nothing': [{ ...GOOD, callers: { '/a': [] } }, /at least one srvId/],
  'several problems at once': [
    { services: [{}], callers: { a: [1] } },
    /types: .*srvId: .*name: .*path of .*no service 1/,
  ],
};

for (const [name, [value, message]] of Object.entries(BAD)) {
  test(`refused: ${name}`, (t) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    t.throws(() => parseCatalogue(text), { code: 'CONFIG_INVALID', message });
  });
}
