import { ApiError, change, path } from './client.ts';

/**
 * Ends the session here, and goes where it ends at the identity provider.
 * @throws ApiError when nobody knows whether it ended
 */
export async function signOut(): Promise<void> {
  try {
    const { continueAt } = await change<{ continueAt: string }>('POST', path('me', 'sign-out'));
    location.assign(continueAt);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    // It had ended before.
    location.assign('/');
  }
}
