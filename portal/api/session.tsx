import { createContext, useContext } from 'react';
import type { Me } from './types.ts';

const MeContext = createContext<Me | null>(null);
export const MeProvider = MeContext.Provider;

/** Who is signed in. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('expected to be inside a session');
  return me;
}

/** Whether acts are shown at all: auditors read. The API refuses them either way. */
export function useMayAct(): boolean {
  return useMe().role !== 'AUDITOR';
}
