import { NumberInput } from '@mantine/core';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { change, ifUnchanged, path, type Tagged } from '../../api/client.ts';
import { useFallback } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { FallbackMode, FallbackPolicy } from '../../api/types.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Choice } from '../../parts/choice.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';

const MODES: readonly FallbackMode[] = ['OFF', 'OUTAGE', 'ANY'];

/** What happens to new data while the account's key cannot protect it. */
export function FallbackForm({
  account,
  onSaved,
}: {
  readonly account: string;
  readonly onSaved?: () => void;
}) {
  const { t } = useTranslation();
  const fallback = useFallback(account);
  return (
    <div className="stack-m">
      <p className="muted">{t('fallback.lead')}</p>
      <Loaded query={fallback} lines={3}>
        {(policy) => <Form account={account} policy={policy} {...(onSaved && { onSaved })} />}
      </Loaded>
    </div>
  );
}

function Form({
  account,
  policy,
  onSaved,
}: {
  account: string;
  policy: Tagged<FallbackPolicy>;
  onSaved?: () => void;
}) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const [mode, setMode] = useState(policy.mode);
  const [maxHours, setMaxHours] = useState<number | string>(policy.maxHours ?? '');
  const [maxAssets, setMaxAssets] = useState<number | string>(policy.maxAssets ?? '');
  const { etag } = policy;
  // The form stays, so that whoever has just saved keeps the focus.
  useEffect(() => {
    setMode(policy.mode);
    setMaxHours(policy.maxHours ?? '');
    setMaxAssets(policy.maxAssets ?? '');
  }, [etag, policy.mode, policy.maxHours, policy.maxAssets]);
  const act = useAct({
    account,
    run: () =>
      change(
        'PUT',
        path('accounts', account, 'fallback'),
        {
          mode,
          maxHours: maxHours === '' ? null : Number(maxHours),
          maxAssets: maxAssets === '' ? null : Number(maxAssets),
        },
        ifUnchanged(policy),
      ),
    done: () => t('fallback.saved'),
    ...(onSaved && { onDone: onSaved }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <form className="stack-m" onSubmit={submit}>
      <Choice
        legend={t('fallback.mode')}
        name="fallback-mode"
        value={mode}
        disabled={!mayAct}
        onChange={setMode}
        options={MODES.map((each) => ({
          value: each,
          label: t(`fallback.modes.${each}`),
          description: t(`fallback.means.${each}`),
        }))}
      />
      {mode !== 'OFF' && (
        <div className="row-end">
          <NumberInput
            label={t('fallback.maxHours')}
            description={t('fallback.noLimit')}
            min={1}
            max={8760}
            value={maxHours}
            onChange={setMaxHours}
            disabled={!mayAct}
            hideControls
          />
          <NumberInput
            label={t('fallback.maxAssets')}
            description={t('fallback.noLimit')}
            min={1}
            value={maxAssets}
            onChange={setMaxAssets}
            disabled={!mayAct}
            hideControls
          />
        </div>
      )}
      {act.error && <ProblemNote error={act.error} />}
      {mayAct && (
        <div>
          <ActButton type="submit" pending={act.isPending}>
            {t('fallback.save')}
          </ActButton>
        </div>
      )}
    </form>
  );
}
