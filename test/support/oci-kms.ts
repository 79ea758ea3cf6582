import { ociSettings, type OciConfig } from '../../broker/kms/oci/config.ts';
import { readConfig } from '../../runtime/config.ts';
import {
  startOciKms,
  type OciKms,
  type OciKmsOptions,
  type PrincipalHandle,
} from '../../sandbox/oci-kms/emulator.ts';

export const HOME = 'us-ashburn-1';

/** A provider with a broker, and a customer with a vault, who have not agreed on anything yet. */
export interface OciWorld {
  readonly kms: OciKms;
  readonly provider: { readonly tenancy: string; readonly group: string };
  readonly broker: PrincipalHandle;
  readonly customer: { readonly tenancy: string; readonly vault: string };
}

export async function startOciWorld(options: Partial<OciKmsOptions> = {}): Promise<OciWorld> {
  const kms = await startOciKms({ regions: [HOME], ...options });
  const [tenancy, customerTenancy] = [kms.createTenancy(), kms.createTenancy()];
  const group = kms.createGroup({ tenancy, kind: 'dynamic-group', name: 'cmk-broker' });
  const broker = kms.createPrincipal({ tenancy, kind: 'instance', name: 'broker', groups: [group] });
  const vault = kms.createVault({ tenancy: customerTenancy, region: HOME, compartment: 'Keys' });
  return { kms, provider: { tenancy, group }, broker, customer: { tenancy: customerTenancy, vault } };
}

/** What each side writes; the customer's keys are all of the compartment Keys, but for those that are left out. */
export function agree(world: OciWorld, { except = [] }: { except?: readonly string[] } = {}): void {
  const { kms, provider, customer } = world;
  const leftOut = except.map((key) => `target.key.id != '${key}'`);
  kms.putPolicy({
    tenancy: provider.tenancy,
    name: 'cmk',
    statements: [
      `Define tenancy Customer as ${customer.tenancy}`,
      'Endorse dynamic-group cmk-broker to use keys in tenancy Customer',
    ],
  });
  kms.putPolicy({
    tenancy: customer.tenancy,
    name: 'cmk',
    statements: [
      `Define tenancy Provider as ${provider.tenancy}`,
      `Define dynamic-group Broker as ${provider.group}`,
      'Admit dynamic-group Broker of tenancy Provider to use keys in compartment Keys' +
        (leftOut.length === 0 ? '' : ` where all {${leftOut.join(', ')}}`),
    ],
  });
}

/** Settings that lead to an emulator. */
export function ociConfigFor(kms: OciKms): OciConfig {
  return { ...readConfig(ociSettings, {}), ociEndpoint: kms.endpoints[HOME] ?? null };
}
