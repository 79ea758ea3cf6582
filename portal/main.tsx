import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client.ts';
import { App } from './app.tsx';
import { startTexts } from './i18n.ts';
import { Announcer } from './parts/announce.tsx';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { THEME, VARIABLES } from './theme.ts';
import './styles/mantine.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';

/** What style elements that are made here must carry: the content security policy takes no others. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';
// The library that keeps pages from scrolling behind dialogs looks here.
Object.assign(globalThis, { __webpack_nonce__: nonce });

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // The session is over: who is there is asked again, and the way to sign in is shown.
    onError: (error, { queryKey }) => {
      if (error instanceof ApiError && error.status === 401 && queryKey[0] !== 'me') {
        void queries.resetQueries({ queryKey: ['me'] });
      }
    },
  }),
  mutationCache: new MutationCache({
    // Another window has another session now: who is there is asked again, and what was typed stays.
    onError: (error) => {
      if (error instanceof ApiError && error.problem?.code === 'CROSS_SITE_REQUEST') {
        void queries.invalidateQueries({ queryKey: ['me'] });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && (error.problem?.retryable ?? true),
    },
    mutations: { retry: false },
  },
});

await startTexts();
const root = document.getElementById('root');
if (!root) throw new Error('expected an element #root');
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <MantineProvider
      theme={THEME}
      cssVariablesResolver={VARIABLES}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <Announcer>
        <ErrorBoundary>
          <App />
        </ErrorBoundary>
        <Notifications position="bottom-right" />
      </Announcer>
    </MantineProvider>
  </QueryClientProvider>,
);
