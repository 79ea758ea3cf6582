import { lazy, Suspense, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { ApiError, setCsrfToken } from './api/client.ts';
import { useWho } from './api/queries.ts';
import { MeProvider } from './api/session.tsx';
import type { Me } from './api/types.ts';
import { ErrorBoundary } from './parts/error-boundary.tsx';
import { partOfAddress } from './parts/part-of-address.ts';
import { ProblemNote } from './parts/problem.tsx';
import { Loading } from './parts/query.tsx';
import { Missing } from './pages/missing.tsx';
// With the rest, not after it: what people come for first.
import { Overview } from './pages/overview/overview.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Shell } from './shell/shell.tsx';

const SetUp = lazy(() => import('./pages/set-up/set-up.tsx').then((page) => ({ default: page.SetUp })));
const Keys = lazy(() => import('./pages/keys/keys.tsx').then((page) => ({ default: page.Keys })));
const OneKey = lazy(() => import('./pages/keys/one-key.tsx').then((page) => ({ default: page.OneKey })));
const Assets = lazy(() => import('./pages/assets/assets.tsx').then((page) => ({ default: page.Assets })));
const OneAsset = lazy(() =>
  import('./pages/assets/one-asset.tsx').then((page) => ({ default: page.OneAsset })),
);
const Activity = lazy(() =>
  import('./pages/activity/activity.tsx').then((page) => ({ default: page.Activity })),
);
const Moves = lazy(() => import('./pages/moves.tsx').then((page) => ({ default: page.Moves })));
const Settings = lazy(() =>
  import('./pages/settings/settings.tsx').then((page) => ({ default: page.Settings })),
);
const Accounts = lazy(() =>
  import('./pages/operator/accounts.tsx').then((page) => ({ default: page.Accounts })),
);
const Services = lazy(() =>
  import('./pages/operator/services.tsx').then((page) => ({ default: page.Services })),
);
const Health = lazy(() => import('./pages/operator/health.tsx').then((page) => ({ default: page.Health })));

/** Who is there, and the page that the address names. */
export function App() {
  const who = useWho();
  const token = who.data?.csrfToken ?? null;
  const [place] = useLocation();
  useEffect(() => setCsrfToken(token), [token]);
  const isAnother = useIsAnother(who.data);
  if (who.error instanceof ApiError && who.error.status === 401) return <SignIn />;
  if (who.error && !who.data) {
    return (
      <main className="main">
        <ProblemNote error={who.error} onRetry={() => void who.refetch()} />
      </main>
    );
  }
  if (!who.data || isAnother) {
    return (
      <main className="main">
        <Loading lines={3} />
      </main>
    );
  }
  return (
    <MeProvider value={who.data}>
      <Shell>
        <ErrorBoundary place={place}>
          <Suspense fallback={<Loading lines={5} />}>
            <Pages me={who.data} />
          </Suspense>
        </ErrorBoundary>
      </Shell>
    </MeProvider>
  );
}

/**
 * Whether somebody else has signed in since, in another window. Nothing that was read or typed for the one before is to be
 * seen or sent then: the page is loaded anew.
 */
function useIsAnother(me: Me | undefined): boolean {
  const now = me && JSON.stringify([me.name, me.role, me.account]);
  const first = useRef(now);
  first.current ??= now;
  const isAnother = now !== undefined && now !== first.current;
  useEffect(() => {
    if (isAnother) location.reload();
  }, [isAnother]);
  return isAnother;
}

function Pages({ me }: { readonly me: Me }) {
  const { t } = useTranslation();
  const home = me.account === null ? '/operator/accounts' : `/accounts/${me.account}`;
  return (
    <Switch>
      <Route path="/">
        <Redirect to={home} replace />
      </Route>
      <Route path="/accounts/:account">{({ account }) => <Overview key={account} account={account} />}</Route>
      <Route path="/accounts/:account/set-up">
        {({ account }) => <SetUp key={account} account={account} />}
      </Route>
      <Route path="/accounts/:account/keys">
        {({ account }) => <Keys key={account} account={account} />}
      </Route>
      <Route path="/accounts/:account/keys/:id">
        {({ account, id }) => <OneKey key={id} account={account} id={id} />}
      </Route>
      <Route path="/accounts/:account/assets">
        {({ account }) => <Assets key={account} account={account} />}
      </Route>
      <Route path="/accounts/:account/assets/:srvId/:type/:id">
        {({ account, srvId, type }) => {
          const id = partOfAddress(location.pathname, 5);
          return <OneAsset key={id} account={account} srvId={srvId} type={type} id={id} />;
        }}
      </Route>
      <Route path="/accounts/:account/activity">
        {({ account }) => <Activity key={account} account={account} />}
      </Route>
      <Route path="/accounts/:account/moves">
        {({ account }) => <Moves key={account} account={account} />}
      </Route>
      <Route path="/accounts/:account/settings">
        {({ account }) => <Settings key={account} account={account} />}
      </Route>
      {me.role === 'OPERATOR' && <Route path="/operator/accounts" component={Accounts} />}
      {me.role === 'OPERATOR' && <Route path="/operator/services" component={Services} />}
      {me.role === 'OPERATOR' && <Route path="/operator/health" component={Health} />}
      <Route>
        <Missing title={t('missing.title')} home={home} />
      </Route>
    </Switch>
  );
}
