import { AuthorizationResponseError, ClientError } from 'openid-client';

/**
 * Why the provider's word is worth nothing: it cannot be reached, it let nobody in, or what came is not as it must be.
 */
export type ProviderFault = 'UNREACHABLE' | 'DENIED' | 'INVALID';

/** The message is for the log: it holds no token and no claim. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly fault: ProviderFault;

  constructor(fault: ProviderFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** The library's errors hold tokens and claims in their causes: nothing of that goes on. */
export function asProviderError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  if (error instanceof AuthorizationResponseError) return new ProviderError('DENIED', plain(error.error));
  if (!(error instanceof Error)) return new ProviderError('INVALID', 'unknown failure');
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const text = code + plain(error.message);
  return new ProviderError(isOutage(error) ? 'UNREACHABLE' : 'INVALID', text);
}

function isOutage(error: Error): boolean {
  if (error instanceof ClientError) {
    const { cause } = error;
    // An answer that is no answer: a proxy's page in place of the provider.
    return error.code === 'OAUTH_TIMEOUT' || (cause instanceof Response && cause.status >= 500);
  }
  // What `fetch` throws when nobody is there.
  return error instanceof TypeError && error.cause !== undefined;
}

function plain(text: string): string {
  return text.slice(0, 200).replace(/[^\x20-\x7e]/g, '?');
}
