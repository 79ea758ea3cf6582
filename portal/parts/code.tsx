import { Button } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAnnounce } from './announce.tsx';

/** Something to copy whole. */
export function CodeBlock({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div className="code">
      <div className="code-head">
        <span className="strong">{title}</span>
        <CopyButton text={text} what={title} />
      </div>
      {/* Reached with the keyboard, because it scrolls. */}
      <pre tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </div>
  );
}

export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      announce(t('common.copied', { what }));
      setTimeout(() => setCopied(false), 2_000);
    } catch {
      announce(t('common.notCopied'));
    }
  };
  return (
    <Button
      size="compact-sm"
      variant="default"
      // What is to be seen is part of what is to be heard.
      aria-label={copied ? undefined : t('common.copyWhat', { what })}
      leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      onClick={() => void copy()}
    >
      {copied ? t('common.done') : t('common.copy')}
    </Button>
  );
}
