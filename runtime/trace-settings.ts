import { fraction, url, type Settings } from './config.ts';

/** Read by brokers and sidecars, and by the injector that passes them on to sidecars. */
export const TRACE_SETTINGS = {
  tracesUrl: url({
    name: 'CMK_TRACES_URL',
    doc: 'Where OpenTelemetry spans are sent, by OTLP over HTTP, e.g. http://collector:4318/v1/traces. Unset: nothing is traced.',
    protocols: ['http:', 'https:'],
    default: null,
  }),
  tracesRatio: fraction({
    name: 'CMK_TRACES_RATIO',
    doc: 'Which part of the calls that come without a trace begin one. A call that comes with a trace is recorded if, and only if, its caller records it.',
    default: '0.01',
  }),
} satisfies Settings;
