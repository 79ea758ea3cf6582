/** Remembers the first error of an object that must not go on after it: every later step throws the same error. */
export class Poison {
  #failure: { readonly error: unknown } | undefined;

  guard<Result>(step: () => Result): Result {
    if (this.#failure) throw this.#failure.error;
    try {
      return step();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
