import { Button, TextInput } from '@mantine/core';
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
import { Loaded } from '../../parts/query.tsx';
import { At } from '../../parts/time.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';

/** Where alerts are posted to. */
export function Webhooks({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const webhooks = useWebhooks(account);
  const mayAct = useMayAct();
  const [removing, setRemoving] = useState<Webhook | null>(null);
  const remove = useAct({
    account,
    run: (id: string) => change('DELETE', path('accounts', account, 'webhooks', id)),
    done: () => t('webhooks.removed'),
    onDone: () => setRemoving(null),
  });
  return (
    <div className="stack-m">
      <p className="muted">{t('webhooks.lead')}</p>
      <Loaded query={webhooks} lines={2}>
        {(found) =>
          found.length === 0 ? (
            <p>{t('webhooks.none')}</p>
          ) : (
            <table className="table cards">
              <thead>
                <tr>
                  <th scope="col">{t('webhooks.url')}</th>
                  <th scope="col">{t('webhooks.since')}</th>
                  {mayAct && <td />}
                </tr>
              </thead>
              <tbody>
                {found.map((webhook) => (
                  <tr key={webhook.id}>
                    <th scope="row" className="ref">
                      {webhook.url}
                    </th>
                    <td data-label={t('webhooks.since')}>
                      <At ms={webhook.createdAt * 1000} />
                    </td>
                    {mayAct && (
                      <td className="num">
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={t('webhooks.removeOne', { url: webhook.url })}
                          onClick={() => setRemoving(webhook)}
                        >
                          {t('common.remove')}
                        </Button>
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {mayAct && <NewWebhook account={account} />}
      <TypedConfirm
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={t('webhooks.removeTitle')}
        phrase={null}
        act={t('common.remove')}
        danger
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => removing && remove.mutate(removing.id)}
      >
        <p className="ref">{removing?.url}</p>
        <p>{t('webhooks.removeMeans')}</p>
      </TypedConfirm>
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
