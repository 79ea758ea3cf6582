/** A realm: regions that share a domain and nothing with other realms. */
export interface Realm {
  /** The end of its services' host names. */
  readonly domain: string;
  /** Region identifiers by region key: older OCIDs name the key, newer ones the identifier. */
  readonly regions: Readonly<Record<string, string>>;
}

/** As oci-common knows them (a test compares): that package is too heavy to be loaded for checking a reference. */
export const REALMS: Readonly<Record<string, Realm>> = {
  oc1: {
    domain: 'oraclecloud.com',
    regions: {
      yny: 'ap-chuncheon-1',
      bom: 'ap-mumbai-1',
      hyd: 'ap-hyderabad-1',
      icn: 'ap-seoul-1',
      syd: 'ap-sydney-1',
      mel: 'ap-melbourne-1',
      kix: 'ap-osaka-1',
      nrt: 'ap-tokyo-1',
      yul: 'ca-montreal-1',
      yyz: 'ca-toronto-1',
      fra: 'eu-frankfurt-1',
      zrh: 'eu-zurich-1',
      gru: 'sa-saopaulo-1',
      cwl: 'uk-cardiff-1',
      lhr: 'uk-london-1',
      iad: 'us-ashburn-1',
      phx: 'us-phoenix-1',
      ams: 'eu-amsterdam-1',
      jed: 'me-jeddah-1',
      sjc: 'us-sanjose-1',
      dxb: 'me-dubai-1',
      scl: 'sa-santiago-1',
      vcp: 'sa-vinhedo-1',
      mtz: 'il-jerusalem-1',
      mrs: 'eu-marseille-1',
      sin: 'ap-singapore-1',
      auh: 'me-abudhabi-1',
      lin: 'eu-milan-1',
      arn: 'eu-stockholm-1',
      jnb: 'af-johannesburg-1',
      cdg: 'eu-paris-1',
      qro: 'mx-queretaro-1',
      mad: 'eu-madrid-1',
      ord: 'us-chicago-1',
      mty: 'mx-monterrey-1',
      aga: 'us-saltlake-2',
      bog: 'sa-bogota-1',
      vap: 'sa-valparaiso-1',
      xsp: 'ap-singapore-2',
      ruh: 'me-riyadh-1',
      onm: 'ap-delhi-1',
      hsg: 'ap-batam-1',
      orf: 'eu-madrid-3',
      nrq: 'eu-turin-1',
      jbp: 'ap-kulai-2',
      lej: 'af-casablanca-1',
    },
  },
  oc2: { domain: 'oraclegovcloud.com', regions: { lfi: 'us-langley-1', luf: 'us-luke-1' } },
  oc3: {
    domain: 'oraclegovcloud.com',
    regions: { ric: 'us-gov-ashburn-1', pia: 'us-gov-chicago-1', tus: 'us-gov-phoenix-1' },
  },
  oc4: { domain: 'oraclegovcloud.uk', regions: { ltn: 'uk-gov-london-1', brs: 'uk-gov-cardiff-1' } },
  oc8: { domain: 'oraclecloud8.com', regions: { nja: 'ap-chiyoda-1', ukb: 'ap-ibaraki-1' } },
  oc9: { domain: 'oraclecloud9.com', regions: { mct: 'me-dcc-muscat-1', ibr: 'me-ibri-1' } },
  oc10: { domain: 'oraclecloud10.com', regions: { wga: 'ap-dcc-canberra-1' } },
  oc14: {
    domain: 'oraclecloud14.com',
    regions: {
      bgy: 'eu-dcc-milan-1',
      mxp: 'eu-dcc-milan-2',
      snn: 'eu-dcc-dublin-2',
      dtm: 'eu-dcc-rating-2',
      dus: 'eu-dcc-rating-1',
      ork: 'eu-dcc-dublin-1',
    },
  },
  oc20: { domain: 'oraclecloud20.com', regions: { beg: 'eu-jovanovac-1' } },
  oc19: { domain: 'oraclecloud.eu', regions: { vll: 'eu-madrid-2', str: 'eu-frankfurt-2' } },
  oc24: { domain: 'oraclecloud24.com', regions: { avz: 'eu-dcc-zurich-1', avf: 'eu-crissier-1' } },
  oc21: { domain: 'oraclecloud21.com', regions: { doh: 'me-dcc-doha-1', vve: 'me-alrayyan-1' } },
  oc26: { domain: 'oraclecloud26.com', regions: { ahu: 'me-abudhabi-3', rba: 'me-alain-1' } },
  oc15: { domain: 'oraclecloud15.com', regions: { dac: 'ap-dcc-gazipur-1' } },
  oc29: { domain: 'oraclecloud29.com', regions: { rkt: 'me-abudhabi-2', shj: 'me-abudhabi-4' } },
  oc23: { domain: 'oraclecloud23.com', regions: { ebb: 'us-somerset-1', ebl: 'us-thames-1' } },
  oc35: {
    domain: 'oraclecloud35.com',
    regions: { dtz: 'ap-seoul-2', dln: 'ap-suwon-1', bno: 'ap-chuncheon-2' },
  },
  oc42: { domain: 'oraclecloud42.com', regions: { yxj: 'us-ashburn-2', pgc: 'us-newark-1' } },
  oc51: { domain: 'oraclecloud51.com', regions: { jsk: 'eu-budapest-1' } },
  oc52: { domain: 'oraclecloud52.com', regions: { hnw: 'sa-riodejaneiro-1' } },
};

/** Where vaults' hosts end in REGION.DOMAIN alone; everywhere else they end in REGION.oci.DOMAIN or, rarely, in this. */
const WITHOUT_OCI_LABEL = new Set([
  'ap-melbourne-1',
  'ap-mumbai-1',
  'ap-osaka-1',
  'ap-seoul-1',
  'ap-sydney-1',
  'ap-tokyo-1',
  'ca-montreal-1',
  'ca-toronto-1',
  'eu-amsterdam-1',
  'eu-frankfurt-1',
  'eu-zurich-1',
  'me-jeddah-1',
  'sa-saopaulo-1',
  'uk-london-1',
  'us-ashburn-1',
  'us-phoenix-1',
]);

const REGION_ID = /^[a-z]{2,3}(-[a-z]{2,20}){1,3}-\d{1,2}$/;

/**
 * The identifier of a region as an OCID names it, by key or by identifier; null: not one of this realm. Identifiers
 * that are new are believed, because OCIDs name them in full.
 */
export function regionIdOf(realm: Realm, name: string): string | null {
  if (Object.hasOwn(realm.regions, name)) return realm.regions[name] ?? null;
  const isElsewhere = Object.values(REALMS).some(
    (other) => other !== realm && Object.values(other.regions).includes(name),
  );
  return REGION_ID.test(name) && !isElsewhere ? name : null;
}

/** The ends that the host names of a region's vaults may have, the likelier one first. */
export function vaultDomains(realm: Realm, regionId: string): readonly string[] {
  const plain = `${regionId}.${realm.domain}`;
  return WITHOUT_OCI_LABEL.has(regionId) ? [plain] : [`${regionId}.oci.${realm.domain}`, plain];
}
