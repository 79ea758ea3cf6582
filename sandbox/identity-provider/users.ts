/** Somebody who can be picked at the sandbox's identity provider. */
export interface SandboxUser {
  readonly id: string;
  /** For people who pick. */
  readonly name: string;
  readonly email: string;
  /** As the broker's default settings look for them. */
  readonly roles: readonly string[];
  /** Null: none, as the provider's own staff. */
  readonly account: string | null;
  /** What they are there for. */
  readonly words: string;
}

export const SANDBOX_USERS: readonly SandboxUser[] = [
  {
    id: 'maria',
    name: 'Maria',
    email: 'maria@acme.example',
    roles: ['cmk-administrator'],
    account: 'acme',
    words: 'administrator of Acme',
  },
  {
    id: 'akira',
    name: 'Akira',
    email: 'akira@acme.example',
    roles: ['cmk-auditor'],
    account: 'acme',
    words: 'auditor of Acme: reads, changes nothing',
  },
  {
    id: 'gwen',
    name: 'Gwen',
    email: 'gwen@globex.example',
    roles: ['cmk-administrator'],
    account: 'globex',
    words: 'administrator of Globex, another customer',
  },
  {
    id: 'olu',
    name: 'Olu',
    email: 'olu@provider.example',
    roles: ['cmk-operator'],
    account: null,
    words: 'the provider’s operator: sees all accounts',
  },
];

/** The claims of a user, as the provider puts them into ID tokens. */
export function claimsOf({ id, name, email, roles, account }: SandboxUser) {
  const belongs = account === null ? {} : { cmk_account: account };
  return { sub: id, name, email, email_verified: true, roles: [...roles], ...belongs };
}
