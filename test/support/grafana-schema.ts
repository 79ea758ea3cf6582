import type { GraphFieldConfig } from '@grafana/grafana-foundation-sdk/common';
import type { Dashboard, FieldConfig, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type { Options as TableOptions } from '@grafana/grafana-foundation-sdk/table';
import type { Options as TimeSeriesOptions } from '@grafana/grafana-foundation-sdk/timeseries';

/** Grafana's own types, made of its schema, as they are in a file: words in place of enums, and defaults left out. */

type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : never
    : T extends readonly (infer Item)[]
      ? readonly Plain<Item>[]
      : T extends object
        ? { readonly [K in keyof T]?: Plain<T[K]> }
        : T;

/** As the documentation of Grafana's PostgreSQL data source has it; the schema has no type. */
interface SqlQuery {
  readonly refId: string;
  readonly datasource: { readonly type: 'grafana-postgresql-datasource'; readonly uid: string };
  readonly format: 'table' | 'time_series';
  readonly editorMode: 'code';
  readonly rawQuery: true;
  readonly rawSql: string;
}

type PanelOf<Type extends string, Options, Custom, Query> = Plain<
  Omit<Panel, 'type' | 'targets' | 'options' | 'fieldConfig'>
> & {
  readonly type: Type;
  readonly targets: readonly Query[];
  readonly options: Plain<Options>;
  readonly fieldConfig: {
    readonly defaults: Plain<Omit<FieldConfig, 'custom'>> & { readonly custom?: Plain<Custom> };
    readonly overrides: readonly [];
  };
};

type PromQuery = Plain<Dataquery>;
type AnyPanel =
  | Plain<RowPanel>
  | PanelOf<'timeseries', TimeSeriesOptions, GraphFieldConfig, PromQuery>
  | PanelOf<'timeseries', TimeSeriesOptions, GraphFieldConfig, SqlQuery>
  | PanelOf<'stat', StatOptions, never, PromQuery>
  | PanelOf<'table', TableOptions, never, SqlQuery>;

/** A dashboard as Grafana imports it. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- version 2 is Grafana 12's; this one 10 imports as well
export type DashboardFile = Plain<Omit<Dashboard, 'panels'>> & { readonly panels: readonly AnyPanel[] };
