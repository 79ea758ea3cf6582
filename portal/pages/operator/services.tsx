import { useTranslation } from 'react-i18next';
import { useServices } from '../../api/queries.ts';
import { useFormat } from '../../parts/format.ts';
import { Card, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table } from '../../parts/table.tsx';

/** The provider's services and what they store. */
export function Services() {
  const { t } = useTranslation();
  const { list } = useFormat();
  const services = useServices();
  return (
    <Page title={t('services.title')} lead={t('services.lead')}>
      <Card>
        <Loaded query={services}>
          {(all) => (
            <Table
              caption={t('services.title')}
              rows={all}
              idOf={({ srvId }) => srvId}
              columns={[
                { label: t('services.name'), cell: ({ name }) => name },
                { label: t('services.id'), cell: ({ srvId }) => srvId },
                { label: t('services.types'), cell: ({ types }) => list(types) },
              ]}
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}
