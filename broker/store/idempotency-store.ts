/** A request that must be served once, however often it is sent. */
export interface IdempotentRequest {
  readonly account: string;
  /** As the caller chose it. */
  readonly key: string;
  /** Of what was asked for. */
  readonly hash: string;
}

/** An answer as it was given. */
export interface StoredAnswer {
  readonly hash: string;
  /** Null while the first request is being served. */
  readonly answer: { readonly status: number; readonly body: string } | null;
}

/** Requests that may be sent again. A part of broker/store/store.ts, with the same promises. */
export interface IdempotencyStore {
  /**
   * Takes a key until `untilMs`; forgets those whose time is over.
   * @param most keys of one account at a time
   * @returns null: it is taken now. Else what stands under it.
   * @throws CmkError CONFLICT when the account has `most` keys already
   */
  take(
    request: IdempotentRequest,
    times: { readonly nowMs: number; readonly untilMs: number },
    most: number,
  ): Promise<StoredAnswer | null>;
  /** Keeps the answer until `untilMs`. */
  answered(
    request: IdempotentRequest,
    answer: { readonly status: number; readonly body: string },
    untilMs: number,
  ): Promise<void>;
  /** Gives a key back that has no answer. */
  release(request: IdempotentRequest): Promise<void>;
}
