import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { FallbackOverview, Key } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { Note } from '../../parts/note.tsx';
import { keyName } from '../../parts/provider.ts';
import { Ago, Until } from '../../parts/time.tsx';
import { Cause } from '../../parts/cause.tsx';

/** The platform key stands in: since when, why, and for how long it may. */
export function FallbackState(props: { account: string; episode: FallbackOverview; keys: readonly Key[] }) {
  const { account, episode, keys } = props;
  const { t } = useTranslation();
  const { number } = useFormat();
  const key = keys.find(({ id }) => id === episode.kekId);
  return (
    <Note tone={episode.state === 'STANDING_IN' ? 'warn' : 'bad'} title={t(`episode.title.${episode.state}`)}>
      <p>{t(`episode.what.${episode.state}`)}</p>
      <dl className="facts">
        <dt>{t('episode.key')}</dt>
        <dd>{key && <Link href={`/accounts/${account}/keys/${key.id}`}>{keyName(key)}</Link>}</dd>
        <dt>{t('episode.since')}</dt>
        <dd>
          <Ago ms={episode.startedAt} />
          <Cause code={episode.cause} />
        </dd>
        <dt>{t('episode.ends')}</dt>
        <dd>
          {episode.endsAt === null ? (
            t('episode.noEnd')
          ) : (
            <span className="strong">
              {t('episode.in')} <Until ms={episode.endsAt} />
            </span>
          )}
        </dd>
        <dt>{t('episode.assets')}</dt>
        <dd>
          {number(episode.assets)}
          {episode.assetsLeft !== null && ` · ${t('episode.left', { number: number(episode.assetsLeft) })}`}
        </dd>
      </dl>
    </Note>
  );
}
