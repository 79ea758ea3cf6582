import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useMayAct } from '../../api/session.tsx';

/** For an account in which nothing is set up: what that means, and where to begin. */
export function Beginning({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  return (
    <div className="stack-m">
      {mayAct && <p className="strong">{t('attention.begin')}</p>}
      <p>{t(mayAct ? 'attention.beginWhat' : 'attention.beginRead')}</p>
      {mayAct && (
        <div>
          <Button component={Link} href={`/accounts/${account}/set-up`}>
            {t('attention.beginGo')}
          </Button>
        </div>
      )}
    </div>
  );
}
