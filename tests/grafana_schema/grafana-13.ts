// The types of Grafana 13 that the dashboards use.

import type * as dashboard from "./node_modules/grafana-schema-13/dist/types/raw/dashboard/x/types.gen.d.ts";
import type * as barchart from "./node_modules/grafana-schema-13/dist/types/raw/composable/barchart/panelcfg/x/types.gen.d.ts";
import type * as stat from "./node_modules/grafana-schema-13/dist/types/raw/composable/stat/panelcfg/x/types.gen.d.ts";
import type * as table from "./node_modules/grafana-schema-13/dist/types/raw/composable/table/panelcfg/x/types.gen.d.ts";
import type * as text from "./node_modules/grafana-schema-13/dist/types/raw/composable/text/panelcfg/x/types.gen.d.ts";
import type * as timeseries from "./node_modules/grafana-schema-13/dist/types/raw/composable/timeseries/panelcfg/x/types.gen.d.ts";
import type { BoardOf, PanelOf, Settings } from "./plain";

type Of<Type extends string, Options, Custom> = PanelOf<
  dashboard.Panel,
  dashboard.FieldConfig,
  Type,
  Options,
  Custom
>;
type Fields<Custom> = Settings<dashboard.FieldConfig, Custom>;
type None = Record<string, never>;

export type Board = BoardOf<dashboard.Dashboard>;
export type Variable = BoardOf<dashboard.VariableModel>;

export interface Panels {
  barchart: Of<"barchart", barchart.Options, barchart.FieldConfig>;
  stat: Of<"stat", stat.Options, None>;
  table: Of<"table", table.Options, table.FieldConfig>;
  text: Of<"text", text.Options, None>;
  timeseries: Of<"timeseries", timeseries.Options, timeseries.FieldConfig>;
}

export interface Overridden {
  barchart: Fields<barchart.FieldConfig>;
  stat: Fields<None>;
  table: Fields<table.FieldConfig>;
  text: Fields<None>;
  timeseries: Fields<timeseries.FieldConfig>;
}
