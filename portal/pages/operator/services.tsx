import { useTranslation } from 'react-i18next';
import { useServices } from '../../api/queries.ts';
import { Card, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';

/** The provider's services and what they store. */
export function Services() {
  const { t } = useTranslation();
  const services = useServices();
  return (
    <Page title={t('services.title')} lead={t('services.lead')}>
      <Card>
        <Loaded query={services}>
          {(all) => (
            <table className="table cards">
              <caption className="hidden">{t('services.title')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('services.name')}</th>
                  <th scope="col">{t('services.id')}</th>
                  <th scope="col">{t('services.types')}</th>
                </tr>
              </thead>
              <tbody>
                {all.map(({ srvId, name, types }) => (
                  <tr key={srvId}>
                    <th scope="row">{name}</th>
                    <td data-label={t('services.id')}>{srvId}</td>
                    <td data-label={t('services.types')}>{types.join(', ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Loaded>
      </Card>
    </Page>
  );
}
