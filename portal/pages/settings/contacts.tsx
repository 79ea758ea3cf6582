import { Textarea } from '@mantine/core';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { change, ifUnchanged, path, type Tagged } from '../../api/client.ts';
import { useContacts } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import { ActButton } from '../../parts/act-button.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';

/** Whom alerts are mailed to. */
export function ContactsForm({
  account,
  onSaved,
}: {
  readonly account: string;
  readonly onSaved?: () => void;
}) {
  const { t } = useTranslation();
  const contacts = useContacts(account);
  return (
    <div className="stack-m">
      <p className="muted">{t('contacts.lead')}</p>
      <Loaded query={contacts} lines={2}>
        {(stored) => <Form account={account} stored={stored} {...(onSaved && { onSaved })} />}
      </Loaded>
    </div>
  );
}

function Form({
  account,
  stored,
  onSaved,
}: {
  account: string;
  stored: Tagged<{ readonly emails: readonly string[] }>;
  onSaved?: () => void;
}) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const { emails } = stored;
  const asStored = emails.join('\n');
  const [text, setText] = useState(asStored);
  // The form stays, so that whoever has just saved keeps the focus.
  useEffect(() => setText(asStored), [stored.etag, asStored]);
  const act = useAct({
    account,
    run: () =>
      change(
        'PUT',
        path('accounts', account, 'contacts'),
        { emails: [...new Set(text.split(/[\s,;]+/).filter((each) => each !== ''))] },
        ifUnchanged(stored),
      ),
    done: () => t('contacts.saved'),
    ...(onSaved && { onDone: onSaved }),
  });
  if (!mayAct) {
    return emails.length === 0 ? (
      <p>{t('contacts.none')}</p>
    ) : (
      <ul className="plain">
        {emails.map((email) => (
          <li key={email}>{email}</li>
        ))}
      </ul>
    );
  }
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <form className="stack-m narrow" onSubmit={submit}>
      <Textarea
        label={t('contacts.label')}
        description={t('contacts.hint')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rows={3}
        spellCheck={false}
      />
      {act.error && <ProblemNote error={act.error} />}
      <div>
        <ActButton type="submit" pending={act.isPending}>
          {t('contacts.save')}
        </ActButton>
      </div>
    </form>
  );
}
