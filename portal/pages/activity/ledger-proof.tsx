import { Button, TextInput } from '@mantine/core';
import { IconDownload, IconShieldCheck } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { path } from '../../api/client.ts';
import type { LedgerHead } from '../../../core/ledger-record.ts';
import { headIn, verifyLedger, type LedgerVerdict } from '../../ledger/verify.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { CopyButton } from '../../parts/code.tsx';
import { useFormat } from '../../parts/format.ts';
import { Note } from '../../parts/note.tsx';
import { Card } from '../../parts/page.tsx';
import { ProblemNote } from '../../parts/problem.tsx';

/** Shows that the ledger is as it was written, without taking the server's word for it. */
export function LedgerProof({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const { percent } = useFormat();
  const [share, setShare] = useState(0);
  const [keptText, setKeptText] = useState('');
  const kept = headIn(keptText);
  const isMalformed = keptText.trim() !== '' && kept === null;
  const running = useRef<AbortController | null>(null);
  const proof = useMutation<LedgerVerdict, Error, LedgerHead | null>({
    mutationFn: (given) => {
      running.current = new AbortController();
      setShare(0);
      return verifyLedger(account, given, running.current.signal, (done, of) =>
        setShare(of === 0 ? 1 : done / of),
      );
    },
  });
  return (
    <Card title={t('ledger.title')}>
      <div className="stack-m">
        <p className="muted">{t('ledger.lead')}</p>
        <div className="row-end">
          <TextInput
            label={t('ledger.kept')}
            placeholder={t('ledger.keptHint')}
            value={keptText}
            onChange={(event) => setKeptText(event.currentTarget.value)}
            error={isMalformed ? t('ledger.keptMalformed') : null}
            autoComplete="off"
            spellCheck={false}
            className="grow"
          />
          <ActButton
            disabled={isMalformed}
            leftSection={<IconShieldCheck size={17} aria-hidden />}
            pending={proof.isPending}
            onClick={() => proof.mutate(kept)}
          >
            {t('ledger.verify')}
          </ActButton>
          {proof.isPending && (
            <Button variant="default" onClick={() => running.current?.abort()}>
              {t('common.cancel')}
            </Button>
          )}
          <Button
            component="a"
            variant="default"
            href={path('accounts', account, 'ledger', 'export')}
            download={`${account}.jsonl`}
            leftSection={<IconDownload size={17} aria-hidden />}
          >
            {t('ledger.export')}
          </Button>
        </div>
        <div role="status">
          {proof.isPending && <p className="muted">{t('ledger.running', { percent: percent(share) })}</p>}
          {proof.data && (
            // The head that was looked for, whatever stands in the field by now.
            <Verdict verdict={proof.data} kept={proof.variables ?? null} />
          )}
        </div>
        {proof.error && proof.error.name !== 'AbortError' && <ProblemNote error={proof.error} />}
      </div>
    </Card>
  );
}

function Verdict({
  verdict: { records, head, fault, isKeptThere },
  kept,
}: {
  readonly verdict: LedgerVerdict;
  readonly kept: LedgerHead | null;
}) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const headText = `${head.sequence}:${head.hash}`;
  if (fault) {
    return (
      <Note tone="bad" title={t('ledger.broken', { sequence: number(fault.sequence) })}>
        <p>
          {t(`ledger.fault.${fault.kind}`)} <code>{fault.kind}</code>
        </p>
        <p className="muted">{t('ledger.brokenNext')}</p>
      </Note>
    );
  }
  if (isKeptThere === false) {
    return (
      <Note tone="bad" title={t('ledger.keptLost')}>
        <p>{t('ledger.keptLostNext')}</p>
      </Note>
    );
  }
  return (
    <Note tone="ok" title={t('ledger.whole', { count: records, number: number(records) })}>
      {kept && <p>{t('ledger.keptFound', { sequence: number(kept.sequence) })}</p>}
      <p>{t('ledger.keepHead')}</p>
      <p className="row">
        <span className="ref">{headText}</span>
        <CopyButton text={headText} what={t('ledger.head')} />
      </p>
    </Note>
  );
}
