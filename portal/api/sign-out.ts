import { change, path } from './client.ts';

/** Ends the session here, and goes where it ends at the identity provider. */
export async function signOut(): Promise<void> {
  const answer = await change<{ continueAt: string }>('POST', path('me', 'sign-out')).catch(() => null);
  location.assign(answer?.continueAt ?? '/');
}
