import { TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey, useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useWebhooks } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { Webhook } from '../../api/types.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { CodeBlock } from '../../parts/code.tsx';
import { Note } from '../../parts/note.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { At } from '../../parts/time.tsx';
import { RemovableList } from './removable-list.tsx';

/** Where alerts are posted to. */
export function Webhooks({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const webhooks = useWebhooks(account);
  const mayAct = useMayAct();
  return (
    <div className="stack-m">
      <p className="muted">{t('webhooks.lead')}</p>
      <RemovableList
        account={account}
        caption={t('webhooks.title')}
        none={t('webhooks.none')}
        query={webhooks}
        idOf={({ id }) => id}
        columns={[
          { label: t('webhooks.url'), cell: ({ url }) => url, className: 'ref' },
          { label: t('webhooks.since'), cell: ({ createdAt }) => <At ms={createdAt * 1000} /> },
        ]}
        removal={{
          address: ({ id }) => path('accounts', account, 'webhooks', id),
          act: t('common.remove'),
          actOne: ({ url }) => t('webhooks.removeOne', { url }),
          title: () => t('webhooks.removeTitle'),
          means: ({ url }) => (
            <>
              <p className="ref">{url}</p>
              <p>{t('webhooks.removeMeans')}</p>
            </>
          ),
          done: t('webhooks.removed'),
        }}
      />
      {mayAct && <NewWebhook account={account} />}
    </div>
  );
}

function NewWebhook({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const [url, setUrl] = useState('');
  const act = useAct({
    account,
    run: () =>
      change<{ webhook: Webhook; secret: string }>(
        'POST',
        path('accounts', account, 'webhooks'),
        { url: url.trim() },
        idempotencyKey(),
      ),
    onDone: () => setUrl(''),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <div className="stack-m">
      <form className="row-end" onSubmit={submit}>
        <TextInput
          label={t('webhooks.new')}
          placeholder="https://"
          type="url"
          required
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          className="grow"
        />
        <ActButton type="submit" variant="default" pending={act.isPending}>
          {t('webhooks.add')}
        </ActButton>
      </form>
      {act.error && <ProblemNote error={act.error} />}
      {act.data && (
        <Note tone="ok" title={t('webhooks.secretTitle')} live>
          <p>{t('webhooks.secretOnce')}</p>
          <CodeBlock title={t('webhooks.secret')} text={act.data.secret} />
        </Note>
      )}
    </div>
  );
}
