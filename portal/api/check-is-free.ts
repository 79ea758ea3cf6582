import { ApiError, get } from './client.ts';

/**
 * Before something is made under a name that somebody chose: storing it would change what is there.
 * @param taken what is said then
 * @throws ApiError CONFLICT when something is there; as {@link get}
 */
export async function checkIsFree(address: string, taken: string): Promise<void> {
  try {
    await get(address);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  const detail = decodeURIComponent(address.split('/').at(-1) ?? '');
  throw new ApiError({ title: taken, detail, status: 409, code: 'CONFLICT', retryable: false });
}
