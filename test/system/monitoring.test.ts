import test from 'ava';
import { METRIC_DASHBOARDS } from '../../deploy/grafana/dashboards.ts';
import { GROUPS } from '../../deploy/prometheus/groups.ts';
import { monitoredDay } from '../support/monitored-day.ts';

/** What does not happen on the day, by a part of the query. */
const NOT_ON_THE_DAY = ['cmk_background_failures_total'];

const FIRE = [
  'CmkSealedFilesDamaged',
  'CmkFilesOfOtherAssets',
  'CmkAlertsNotDelivered',
  'CmkIdentityEndsSoon',
];
/** They fire when it goes on for longer than the day. */
const BEGIN = ['CmkFallbackActive', 'CmkInjectorRefusing', 'CmkServingCertificateEndsSoon'];
/** None of it was ours. */
const SILENT = [
  'CmkBrokerAvailabilityBurnsFast',
  'CmkSidecarAvailabilityBurnsFast',
  'CmkAuditWritesFailing',
  'CmkDatabaseFailing',
  'CmkTargetDown',
  'CmkUsesLost',
];

test('a day: every panel and every rule has data, and alerts fire for what happened', async (t) => {
  t.timeout(6 * 60_000);
  const { prometheus, load } = await monitoredDay(t);
  t.true((load.codes.get('KEY_DISABLED') ?? 0) > 0);

  const broken = (await prometheus.rules()).filter(({ health }) => health !== 'ok');
  t.deepEqual(broken, [], 'rules');
  const hasData = async (query: string) =>
    (await prometheus.query(query)).some(({ values }) => values.length > 0);
  const empty: string[] = [];
  for (const rule of GROUPS.flatMap(({ rules }) => rules)) {
    if ('record' in rule && !(await hasData(rule.record))) empty.push(rule.record);
  }
  for (const { uid, sections } of METRIC_DASHBOARDS) {
    for (const { title, queries } of sections.flatMap(({ panels }) => panels)) {
      for (const { expr } of queries) {
        const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$srv_id', '.*');
        if (!(await hasData(query)) && !NOT_ON_THE_DAY.some((part) => query.includes(part)))
          empty.push(`${uid}: ${title} ${query}`);
      }
    }
  }
  t.deepEqual(empty, []);

  const seen = async (name: string, state: string) =>
    hasData(`ALERTS{alertname="${name}",alertstate=~"${state}"}`);
  for (const name of FIRE) t.true(await seen(name, 'firing'), `${name} fires`);
  for (const name of BEGIN) t.true(await seen(name, 'pending|firing'), `${name} begins`);
  for (const name of SILENT) t.false(await seen(name, 'firing'), `${name} is silent`);
});
