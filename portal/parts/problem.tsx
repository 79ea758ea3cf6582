import { Button } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client.ts';
import { Note } from './note.tsx';

/** What did not work, why, and what to do next. Never more than the API said. */
export function ProblemNote({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const { t } = useTranslation();
  const { title, detail, next } = describe(error, t);
  return (
    <Note tone="bad" title={title} live>
      {detail !== '' && <p lang="en">{detail}</p>}
      <p className="muted">{next}</p>
      {onRetry && (
        <div>
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            {t('common.tryAgain')}
          </Button>
        </div>
      )}
    </Note>
  );
}

function describe(error: Error, t: TFunction): { title: string; detail: string; next: string } {
  if (!(error instanceof ApiError)) {
    return { title: t('problem.defect'), detail: '', next: t('problem.next.report') };
  }
  const { problem } = error;
  if (!problem) return { title: t('problem.unreachable'), detail: '', next: t('problem.next.connection') };
  return { title: problem.title || t('problem.other'), detail: problem.detail, next: t(nextOf(problem)) };
}

function nextOf({ status, code, retryable }: { status: number; code: string; retryable: boolean }) {
  if (status === 401) return 'problem.next.signIn';
  if (code === 'STALE_VERSION') return 'problem.next.reload';
  if (code === 'CROSS_SITE_REQUEST') return 'problem.next.session';
  if (status === 403) return 'problem.next.ask';
  if (code === 'CONFLICT') return 'problem.next.lookAgain';
  if (code === 'INVALID_ARGUMENT') return 'problem.next.correct';
  if (status === 404) return 'problem.next.find';
  if (status === 429) return 'problem.next.slow';
  if (retryable) return 'problem.next.later';
  return code.startsWith('K') ? 'problem.next.key' : 'problem.next.report';
}
