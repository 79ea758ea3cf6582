import { NativeSelect, Tabs, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { get, path } from '../../api/client.ts';
import type { ProviderName, SetUpDocument } from '../../api/types.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { CodeBlock } from '../../parts/code.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { FACTS, type Fact, type FactName } from './facts.ts';

type Facts = Readonly<Partial<Record<FactName, string>>>;

/** What has to be pasted or run in the customer's KMS, made for this account and key. */
export function Policy({ account, provider }: { readonly account: string; readonly provider: ProviderName }) {
  const { t } = useTranslation();
  const [facts, setFacts] = useState<Facts>(() => firstFacts(provider));
  const made = useMutation<{ documents: SetUpDocument[] }>({
    mutationFn: () => get(path('accounts', account, 'key-set-up'), { query: { provider, ...facts } }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    made.mutate();
  };
  return (
    <div className="stack">
      <form className="stack-m" onSubmit={submit}>
        <div className="fields">
          {FACTS[provider].map((fact) => (
            <FactField
              key={fact.name}
              fact={fact}
              value={facts[fact.name] ?? ''}
              onChange={(value) => setFacts({ ...facts, [fact.name]: value })}
            />
          ))}
        </div>
        {made.error && <ProblemNote error={made.error} />}
        <div>
          <ActButton type="submit" pending={made.isPending}>
            {t('setUp.makePolicy')}
          </ActButton>
        </div>
      </form>
      {made.data && <Documents documents={made.data.documents} />}
    </div>
  );
}

function firstFacts(provider: ProviderName): Facts {
  return Object.fromEntries(FACTS[provider].map(({ name, options }) => [name, options?.[0] ?? '']));
}

function FactField({
  fact,
  value,
  onChange,
}: {
  fact: Fact;
  value: string;
  onChange: (value: string) => void;
}) {
  const { t } = useTranslation();
  const label = t(`setUp.fact.${fact.name}`);
  if (fact.options) {
    return (
      <NativeSelect
        label={label}
        data={[...fact.options]}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      label={fact.optional ? t('setUp.optional', { label }) : label}
      required={!fact.optional}
      withAsterisk={false}
      description={fact.example === undefined ? undefined : t('setUp.example', { example: fact.example })}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

const LANGUAGES = ['json', 'text', 'sh', 'hcl'] as const;

/** By the tool that they are for: to paste, for the command line, for Terraform. */
function Documents({ documents }: { readonly documents: readonly SetUpDocument[] }) {
  const { t } = useTranslation();
  const there = LANGUAGES.filter((language) => documents.some((each) => each.language === language));
  return (
    <Tabs defaultValue={there[0] ?? 'json'} keepMounted={false}>
      <Tabs.List aria-label={t('setUp.ways')}>
        {there.map((language) => (
          <Tabs.Tab key={language} value={language}>
            {t(`setUp.way.${language}`)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {there.map((language) => (
        <Tabs.Panel key={language} value={language} pt="md">
          <div className="stack-m">
            {documents
              .filter((each) => each.language === language)
              .map(({ title, who, text, note }) => (
                <div key={title} className="stack-s">
                  <p className="muted small">
                    {t(`setUp.who.${who}`)}
                    {note !== undefined && ` · ${note}`}
                  </p>
                  <CodeBlock title={title} text={text} />
                </div>
              ))}
          </div>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
