import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useKeys } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { Key } from '../../api/types.ts';
import { LifecycleBadge } from '../../parts/badge.tsx';
import { Empty } from '../../parts/note.tsx';
import { Page } from '../../parts/page.tsx';
import { keyInUse, keyName } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';
import { At } from '../../parts/time.tsx';
import { meaningOf } from './means.ts';
import { StatusTable } from './status-table.tsx';

export function Keys({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const keys = useKeys(account);
  const mayAct = useMayAct();
  const add = mayAct && (
    <Button component={Link} href={`/accounts/${account}/set-up`}>
      {t('keys.enrol')}
    </Button>
  );
  return (
    <Page title={t('keys.title')} lead={t('keys.lead')} actions={add}>
      <Loaded query={keys}>
        {(found) =>
          found.length === 0 ? (
            <Empty title={t('keys.none')} action={add}>
              {t('keys.noneWhy')}
            </Empty>
          ) : (
            found.map((key) => (
              <KeyCard key={key.id} account={account} of={key} isUsed={keyInUse(found)?.id === key.id} />
            ))
          )
        }
      </Loaded>
    </Page>
  );
}

function KeyCard({ account, of: key, isUsed }: { account: string; of: Key; isUsed: boolean }) {
  const { t } = useTranslation();
  const name = keyName(key);
  return (
    <section className="card" aria-label={name}>
      <div className="spread">
        <h2>
          <Link href={`/accounts/${account}/keys/${key.id}`}>{name}</Link>
        </h2>
        <LifecycleBadge lifecycle={key.lifecycle} />
      </div>
      <p className="muted small key-about">
        {t(meaningOf(key, isUsed))} {t('keys.since')} <At ms={key.createdAt * 1000} />
      </p>
      <StatusTable of={key} />
    </section>
  );
}
