// Types of Grafana as JSON holds them: an enum's member is its text, what has a default may be absent.

export type Plain<T> = T extends string
  ? `${T}`
  : T extends (infer E)[]
    ? Plain<E>[]
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

type Loose<T> = T extends (infer E)[]
  ? Loose<E>[]
  : T extends object
    ? { [K in keyof T]?: Loose<T[K]> }
    : T;

export type Settings<Config, Custom> = Plain<Omit<Config, "custom">> & {
  custom?: Plain<Loose<Custom>>;
};

type Changed = "type" | "options" | "fieldConfig" | "title" | "description" | "gridPos" | "id";

export type PanelOf<Panel, Config, Type extends string, Options, Custom> = Plain<
  Omit<Panel, Changed>
> & {
  type: Type;
  id: number;
  title: string;
  description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  options?: Plain<Loose<Options>>;
  fieldConfig: {
    defaults: Settings<Config, Custom>;
    overrides: {
      matcher: { id: string; options: unknown };
      properties: { id: string; value: unknown }[];
    }[];
  };
};

export type BoardOf<Dashboard> = Plain<Omit<Dashboard, "panels">>;
