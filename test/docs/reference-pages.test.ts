import { readFileSync } from 'node:fs';
import test from 'ava';
import { BROKER_SETTINGS } from '../../broker/config.ts';
import { BROKER_METRICS, BrokerMetrics } from '../../broker/metrics.ts';
import { DEFAULT_CATALOGUE } from '../../broker/model/catalogue.ts';
import { systemClock } from '../../runtime/clock.ts';
import { SHARED_METRICS } from '../../runtime/metrics.ts';
import { SIDECAR_SETTINGS } from '../../sidecar/config.ts';
import { SIDECAR_METRICS, SidecarMetrics } from '../../sidecar/metrics.ts';
import { metricsTable, servicesTable, settingsTable, tablesOf } from '../support/reference-tables.ts';

const TABLES = {
  'docs/configuration.md': {
    Broker: settingsTable(BROKER_SETTINGS),
    Sidecar: settingsTable(SIDECAR_SETTINGS),
    'The catalogue': servicesTable(DEFAULT_CATALOGUE),
  },
  'docs/metrics.md': {
    Both: metricsTable(SHARED_METRICS),
    Broker: metricsTable(BROKER_METRICS),
    Sidecar: metricsTable(SIDECAR_METRICS),
  },
};

for (const [page, expected] of Object.entries(TABLES)) {
  const actual = tablesOf(readFileSync(page, 'utf8'));
  for (const [heading, table] of Object.entries(expected)) {
    test(`${page}, ${heading}: what the code has, word for word`, (t) => {
      t.deepEqual(actual[heading]?.split('\n'), table.split('\n'));
    });
  }
}

const REGISTRIES = {
  broker: [BROKER_METRICS, new BrokerMetrics(systemClock).registry],
  sidecar: [SIDECAR_METRICS, new SidecarMetrics(systemClock).registry],
} as const;

for (const [process, [facts, registry]] of Object.entries(REGISTRIES)) {
  test(`the ${process} registers the metrics that it lists, and no other of ours`, (t) => {
    const ours = registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith('cmk_'));
    t.deepEqual(ours, Object.keys({ ...SHARED_METRICS, ...facts }));
  });
}

test('settings say what they do in a sentence, and their defaults are what they expect', (t) => {
  for (const setting of [...Object.values(BROKER_SETTINGS), ...Object.values(SIDECAR_SETTINGS)]) {
    t.regex(setting.name, /^CMK_[A-Z0-9_]+$/);
    t.regex(setting.doc, /^[A-Z][^]*\.$/, setting.name);
    if (typeof setting.default === 'string') t.not(setting.parse(setting.default), undefined, setting.name);
  }
});
