import { formatHcl, formatJson, hclString, shellCommand, shellWord } from '../quoting.ts';
import { checkFact, ours, type SetUpDocument } from '../set-up.ts';
import type { OciConfig } from './config.ts';
import { parseKeyOcid } from './reference.ts';

export interface OciSetUpFacts {
  /** OCID of the customer's tenancy. */
  readonly tenancy: string;
  /** Name or OCID of the compartment that the key is in. */
  readonly compartment: string;
  /** The key's OCID. */
  readonly key: string;
}

type Settings = Pick<OciConfig, 'ociTenancy' | 'ociGroup' | 'ociGroupName' | 'ociRealms'>;

/** A policy, and the root compartment that it stands in. */
interface Policy {
  readonly who: SetUpDocument['who'];
  readonly tenancy: string;
  readonly name: string;
  readonly description: string;
  readonly statements: readonly string[];
}

/** @throws CmkError INVALID_ARGUMENT */
export function ociSetUp(
  settings: Settings,
  account: string,
  facts: OciSetUpFacts,
): readonly SetUpDocument[] {
  const tenancy = checkFact('tenancy', facts.tenancy, TENANCY, 'OCID of a tenancy');
  const { ocid } = parseKeyOcid(facts.key, settings.ociRealms ?? undefined);
  const provider = ours(settings.ociTenancy, 'CMK_OCI_TENANCY');
  const group = ours(settings.ociGroup, 'CMK_OCI_GROUP');
  const kind = settings.ociGroup?.startsWith('ocid1.group.') ? 'group' : 'dynamic-group';
  const endorse: Policy = {
    who: 'PROVIDER',
    tenancy: provider,
    name: `cmk-${account}`,
    description: `CMK: account ${account}`,
    statements: [
      `Define tenancy Customer as ${tenancy}`,
      `Endorse ${kind} ${ours(settings.ociGroupName, 'CMK_OCI_GROUP_NAME')} to use keys in tenancy Customer`,
    ],
  };
  const admit: Policy = {
    who: 'CUSTOMER',
    tenancy,
    name: 'cmk',
    description: 'CMK wraps and unwraps data keys',
    statements: [
      `Define tenancy Provider as ${provider}`,
      `Define ${kind} CmkBroker as ${group}`,
      `Admit ${kind} CmkBroker of tenancy Provider to use keys in compartment ${compartment(facts.compartment)} where all {target.key.id = '${ocid}', request.permission != 'KEY_EXPORT'}`,
    ],
  };
  return [...documents(endorse), ...documents(admit)];
}

/** A policy as statements, as a command and as Terraform. */
function documents(policy: Policy): SetUpDocument[] {
  const { who, statements } = policy;
  const what = who === 'PROVIDER' ? 'Endorse' : 'Admit';
  const note = 'In a policy in the root compartment of the tenancy.';
  return [
    { title: `${what}: statements`, who, language: 'text', text: statements.join('\n'), note },
    { title: `${what}: OCI CLI`, who, language: 'sh', text: command(policy) },
    { title: `${what}: Terraform`, who, language: 'hcl', text: terraform(policy) },
  ];
}

function command({ tenancy, name, description, statements }: Policy): string {
  return shellCommand(
    `oci iam policy create --compartment-id ${shellWord(tenancy)}`,
    `--name ${shellWord(name)} --description ${shellWord(description)}`,
    `--statements ${shellWord(formatJson(statements))}`,
  );
}

function terraform({ tenancy, name, description, statements }: Policy): string {
  return `resource "oci_identity_policy" "cmk" {
  compartment_id = ${hclString(tenancy)}
  name           = ${hclString(name)}
  description    = ${hclString(description)}
  statements = ${formatHcl(statements, '  ')}
}`;
}

const TENANCY = /^ocid1\.tenancy\.[a-z]{1,8}\d{0,4}\.\.[a-z0-9]{1,100}$/;

/** Statements have no quotes around names: what is not a name could go on as a statement. */
function compartment(text: string): string {
  const ocid = /^ocid1\.(compartment|tenancy)\.[a-z]{1,8}\d{0,4}\.\.[a-z0-9]{1,100}$/;
  if (ocid.test(text)) return `id ${text}`;
  const name = /^(?!id$)[a-z][\w.-]{0,99}$/i;
  return checkFact('compartment', text, name, 'name or OCID of a compartment');
}
