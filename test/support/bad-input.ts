/** A call with what is wrong about it. */
export interface Wrong {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
  /** The refusal itself is an audit event. */
  readonly audited?: boolean;
}

/** An administrative call. */
export interface Route {
  /** A body that would be taken; absent: the call has none. */
  readonly body?: object;
  /** Parameters that may name what there is not yet. */
  readonly makes?: string;
  /** Query that is needed. */
  readonly query?: string;
  readonly wrong?: Readonly<Record<string, Wrong>>;
}

export const invalid = { status: 400, code: 'INVALID_ARGUMENT' } as const;
/** A list has these, whatever it is of. */
export const LIST: Route = {
  wrong: {
    'a limit of none': { query: 'limit=0', ...invalid },
    'an unknown parameter': { query: 'all=1', ...invalid },
  },
};
export const READ: Route = {};
