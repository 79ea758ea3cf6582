import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAct } from '../api/act.ts';
import { change, path } from '../api/client.ts';
import { useKeys } from '../api/queries.ts';
import { useMoves } from '../api/view-queries.ts';
import { useMayAct } from '../api/session.tsx';
import type { Key, Move } from '../api/types.ts';
import { ActButton } from '../parts/act-button.tsx';
import { MoveBadge } from '../parts/badge.tsx';
import { useFormat } from '../parts/format.ts';
import { Empty, Note } from '../parts/note.tsx';
import { Page } from '../parts/page.tsx';
import { keyName } from '../parts/provider.ts';
import { Paged } from '../parts/pager.tsx';
import { Ago, At } from '../parts/time.tsx';
import { Backlog } from './backlog.tsx';
import { ProblemNote } from '../parts/problem.tsx';

/** Data keys on their way from one key to another. */
export function Moves({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const moves = useMoves(account);
  const keys = useKeys(account);
  return (
    <Page title={t('moves.title')} lead={t('moves.lead')}>
      <Backlog account={account} />
      <Paged query={moves}>
        {(pages) => {
          const found = pages.flatMap((page) => page.moves);
          return found.length === 0 ? (
            <Empty title={t('moves.none')}>{t('moves.noneWhy')}</Empty>
          ) : (
            found.map((move) => (
              <MoveCard key={move.id} account={account} move={move} keys={keys.data ?? []} />
            ))
          );
        }}
      </Paged>
    </Page>
  );
}

function MoveCard({ account, move, keys }: { account: string; move: Move; keys: readonly Key[] }) {
  const { t } = useTranslation();
  const { number, percent, rate } = useFormat();
  const mayAct = useMayAct();
  const all = Math.max(move.total, move.moved + move.left);
  const share = all === 0 ? 1 : move.moved / all;
  const label = `${t(`moves.kind.${move.kind}`)}: ${nameIn(keys, move.selection.kekIds[0], t('moves.platform'))} → ${nameIn(keys, move.target, t('moves.platform'))}`;
  return (
    <section className="card stack-m" aria-label={label}>
      <div className="spread">
        <h2>{label}</h2>
        <MoveBadge state={move.state} waits={move.problem !== null} />
      </div>
      <p className="muted">{t(`moves.means.${move.kind}`)}</p>
      <div
        className="meter"
        role="progressbar"
        aria-label={t('moves.progress')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
      >
        <span className="fill-customer" style={{ width: `${share * 100}%` }} />
      </div>
      <dl className="facts">
        <dt>{t('moves.progress')}</dt>
        <dd>
          {t('moves.of', { moved: number(move.moved), all: number(all), percent: percent(share) })}
          {move.perSecond !== null &&
            move.state === 'RUNNING' &&
            ` · ${t('moves.rate', { rate: rate(move.perSecond) })}`}
        </dd>
        {move.failed > 0 && (
          <>
            <dt>{t('moves.failed')}</dt>
            <dd>{number(move.failed)}</dd>
          </>
        )}
        <dt>{t('moves.startedAt')}</dt>
        <dd>
          <At ms={move.startedAt} />
        </dd>
        {move.endedAt !== null && (
          <>
            <dt>{t('moves.endedAt')}</dt>
            <dd>
              <At ms={move.endedAt} />
            </dd>
          </>
        )}
        {move.estimatedEndAt !== null && move.state === 'RUNNING' && (
          <>
            <dt>{t('moves.estimatedEndAt')}</dt>
            <dd>
              <Ago ms={move.estimatedEndAt} />
            </dd>
          </>
        )}
      </dl>
      {move.problem && move.state === 'RUNNING' && (
        <Note tone="warn" title={t('moves.waitsWhy')}>
          <p>
            <span lang="en">{move.problem.detail}</span> <code>{move.problem.code}</code>
          </p>
        </Note>
      )}
      {mayAct && (move.state === 'RUNNING' || move.state === 'PAUSED') && (
        <MoveActs account={account} move={move} />
      )}
    </section>
  );
}

function MoveActs({ account, move }: { account: string; move: Move }) {
  const { t } = useTranslation();
  const act = useAct({
    account,
    run: (what: 'pause' | 'resume' | 'cancel') =>
      change('POST', path('accounts', account, 'moves', move.id, what)),
    done: () => t('common.saved'),
  });
  const other = move.state === 'RUNNING' ? 'pause' : 'resume';
  return (
    <div className="stack-s">
      <div className="row">
        <ActButton variant="default" pending={act.isPending} onClick={() => act.mutate(other)}>
          {t(`moves.${other}`)}
        </ActButton>
        <Button variant="default" disabled={act.isPending} onClick={() => act.mutate('cancel')}>
          {t('moves.cancel')}
        </Button>
        <span className="muted small">{t('moves.cancelMeans')}</span>
      </div>
      {act.error && <ProblemNote error={act.error} />}
    </div>
  );
}

function nameIn(keys: readonly Key[], id: string | undefined, platform: string): string {
  const key = keys.find((each) => each.id === id);
  return key ? keyName(key) : platform;
}
