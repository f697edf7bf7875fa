/** Where Grafana's dashboards are. */
export const BOARDS = new URL('../../../deploy/grafana/dashboards/', import.meta.url);

/** What tests look at of a dashboard. */
export interface Board {
  readonly uid: string;
  readonly tags: readonly string[];
  readonly links: readonly { readonly type: string; readonly url?: string }[];
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly definition?: string }[];
  };
}

/** Each question of each panel. */
export const targetsOf = (board: Board) =>
  board.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ title, ...target })),
  );

/** The expressions of all panels. */
export const exprsOf = (board: Board): readonly string[] =>
  targetsOf(board).map(({ expr }) => expr);
